import { Injectable, Logger, type OnApplicationBootstrap } from '@nestjs/common';
import type { EntityManager } from 'typeorm';
import { Database } from '../shared/database/database.js';
import { describeDatabaseError, SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';
import { Drain } from '../shared/drain.js';
import { StagingLogReader } from '../staging-log/staging-log.port.js';
import { markResolved, readUnfinished, releaseClaim, type UnfinishedClaim } from './claims.js';
import { CorrectionSender } from './correction.sender.js';

const LOOK_MS = 30_000;
/** Until the first look that went through: after a start, the database and the listeners come in their time. */
const FIRST_LOOK_MS = 1_000;
/** A younger claim is being sent by whoever made it. */
const CLAIM_AGE_MS = 10_000;
const CLAIMS_AT_ONCE = 100;

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

  /** @returns why it ended before all were sent, or null. */
  private async finishAll(manager: EntityManager): Promise<string | null> {
    const claimedBy = this.log.identity;
    let after: UnfinishedClaim | null = null;
    do {
      const query = { claimedBy, ageMs: CLAIM_AGE_MS, after, limit: CLAIMS_AT_ONCE };
      const claims: UnfinishedClaim[] = await readUnfinished(manager, query);
      for (const claim of claims) {
        const trouble = this.drain.begun ? 'shutting down' : await this.finish(manager, claim);
        if (trouble !== null) return trouble;
      }
      after = claims.at(-1) ?? null;
    } while (after !== null);
    return null;
  }

  /** @returns why it makes no sense to go on now, or null. */
  private async finish(manager: EntityManager, claim: UnfinishedClaim): Promise<string | null> {
    const { logId, offset, event, claimedAt } = claim;
    const sent = await this.sender.send({ logId, offset: Number(offset) }, event);
    if (sent.kind === 'stored') return null;
    if (sent.kind === 'unknown') return sent.why;
    if (sent.code !== 'ID_REUSED') return `${sent.code}: ${sent.detail}`;
    // The log has another event for this dead letter, and only that one can be loaded.
    await releaseClaim(manager, claim, claimedAt);
    this.logger.warn(
      `the claim for the dead letter at ${offset} of ${logId} is given back: another event was stored for it before`,
    );
    return null;
  }

  private complain(complaint: string | null): void {
    if (this.drain.begun) return;
    if (complaint === null) this.lookMs = LOOK_MS;
    if (complaint === this.complaint) return;
    this.complaint = complaint;
    if (complaint === null) this.logger.log('the corrected events that were claimed are sent');
    else this.logger.warn(`corrected events that were claimed are sent later: ${complaint}`);
  }
}
