import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../shared/database/database.js';
import { describeDatabaseError, SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';
import { Drain } from '../shared/drain.js';
import { StagingLogReader } from '../staging-log/staging-log.port.js';
import { markResolved, readUnfinished, type UnfinishedClaim } from './claims.js';
import { CorrectionSender } from './correction.sender.js';

const LOOK_MS = 30_000;
/** Until the first look that went through: after a start, the database and the listeners come in their time. */
const FIRST_LOOK_MS = 1_000;
/** A younger claim is being sent by whoever made it. */
const CLAIM_AGE_MS = 10_000;
const CLAIMS_AT_ONCE = 100;
/** What ingest says when it takes nothing now, whatever is sent; any other refusal is of one event. */
const REFUSALS_OF_ALL: readonly number[] = [429, 503];

/** Why a claim is not finished, and whether it makes no sense to go on with the next one now. */
interface Trouble {
  readonly why: string;
  readonly endsLook: boolean;
}

/**
 * Sends the corrected events again that were claimed for this log and are not loaded: a crash may have
 * come between the claim and the sending. One that was stored is a duplicate by its id; and where ids were
 * forgotten meanwhile, the load takes the first record only.
 */
@Injectable()
export class FinishClaimsService implements OnApplicationBootstrap {
  private readonly logger = new Logger('DeadLetters');
  private lookMs = FIRST_LOOK_MS;
  private complaint: string | null = null;

  constructor(
    private readonly database: Database,
    private readonly log: StagingLogReader,
    private readonly sender: CorrectionSender,
    private readonly drain: Drain,
  ) {}

  onApplicationBootstrap(): void {
    this.lookLater();
  }

  /** One look at all claims. Never rejects: what went wrong is logged, and the next look tries again. */
  async look(): Promise<void> {
    if (this.database.state.kind !== 'ready') return; // Database tells why
    try {
      const { manager } = this.database.dataSource;
      await markResolved(manager);
      this.complain(await this.finishAll(manager));
    } catch (error) {
      // No tables yet: no claims either.
      if (sqlStateOf(error) !== SQL_STATE.undefinedTable) {
        this.complain(`the claims cannot be read: ${describeDatabaseError(error)}`);
      }
    }
  }

  private lookLater(): void {
    if (this.drain.begun) return;
    setTimeout(() => {
      void this.look().then(() => {
        this.lookLater();
      });
    }, this.lookMs).unref();
  }

  /** @returns what went wrong, or null when all are sent. */
  private async finishAll(manager: EntityManager): Promise<string | null> {
    const claimedBy = this.log.identity;
    let after: UnfinishedClaim | null = null;
    let refused: string | null = null;
    do {
      const query = { claimedBy, ageMs: CLAIM_AGE_MS, after, limit: CLAIMS_AT_ONCE };
      const claims: UnfinishedClaim[] = await readUnfinished(manager, query);
      for (const claim of claims) {
        const trouble = await this.finish(claim);
        if (trouble?.endsLook === true) return trouble.why;
        refused ??= trouble?.why ?? null;
      }
      after = claims.at(-1) ?? null;
    } while (after !== null);
    this.lookMs = LOOK_MS;
    return refused;
  }

  /**
   * A claim that is refused stays: another process may have stored its event, and have said so. With
   * ID_REUSED this log has another event for its dead letter, which takes the claim over once it is loaded.
   */
  private async finish({ logId, offset, event }: UnfinishedClaim): Promise<Trouble | null> {
    if (this.drain.begun) return { why: 'shutting down', endsLook: true };
    const sent = await this.sender.send({ logId, offset: Number(offset) }, event);
    if (sent.kind === 'stored') return null;
    if (sent.kind === 'unknown') return { why: sent.why, endsLook: true };
    const { code, detail, status } = sent;
    if (REFUSALS_OF_ALL.includes(status)) return { why: `${code}: ${detail}`, endsLook: true };
    const why = `at least one is refused, that for the dead letter at ${offset} of ${logId}: ${code}: ${detail}`;
    return { why, endsLook: false };
  }

  private complain(complaint: string | null): void {
    if (this.drain.begun) return;
    if (complaint === this.complaint) return;
    this.complaint = complaint;
    if (complaint === null) this.logger.log('the corrected events that were claimed are sent');
    else this.logger.warn(`corrected events that were claimed are sent later: ${complaint}`);
  }
}
