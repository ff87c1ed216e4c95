import { Injectable, Logger } from '@nestjs/common';
import { Database } from '../shared/database/database.js';
import { encodeEventPayload } from '../shared/event/event-codec.js';
import type { RevenueEvent } from '../shared/event/event.js';
import { Problem } from '../shared/http/problem.js';
import { StagingLogReader } from '../staging-log/staging-log.port.js';
import { askDatabase } from './ask-database.js';
import { claimDeadLetter, releaseClaim, type Claim, type ClaimOutcome } from './claims.js';
import { CorrectionSender } from './correction.sender.js';
import type { DeadLetterState } from './dead-letters.query.js';
import { deadLetterUnknown, isClaimed, isRange, isResolved, passOn } from './resubmit-problem.js';
import { RANGE_CODES } from './quarantine.js';

interface Letter {
  readonly log_id: string;
  readonly offset: string;
  readonly length: string;
  readonly code: string;
  readonly state: DeadLetterState;
}

/** A corrected event that will be loaded for its dead letter. */
export interface Resubmitted {
  readonly id: string;
  readonly state: 'claimed';
  readonly event: RevenueEvent;
}

/** Sends corrected events for dead letters: claimed in the database first, so that none is forgotten. */
@Injectable()
export class ResubmitService {
  private readonly logger = new Logger('DeadLetters');

  constructor(
    private readonly database: Database,
    private readonly log: StagingLogReader,
    private readonly sender: CorrectionSender,
  ) {}

  /**
   * Resolves once the claim is committed and the event was sent, or will be: whether ingest has it is
   * then known, or found out later. A refusal of ingest gives the claim back, unless it is an older one: then
   * the event may be in the log of another process, which has said so.
   * @throws Problem 404, 409, what ingest refused with, or 503 while the database is away.
   */
  async resubmit(id: string, event: RevenueEvent): Promise<Resubmitted> {
    const { log_id: logId, offset } = await this.findLetter(id);
    const text = encodeEventPayload(event);
    const claim: Claim = { logId, offset, event: text, claimedBy: this.log.identity };
    const claimed = await askDatabase(this.database, (manager) => claimDeadLetter(manager, claim));
    if (claimed.kind !== 'claimed') throw refuseClaim(id, claimed);
    const sent = await this.sender.send({ logId, offset: Number(offset) }, text);
    if (sent.kind === 'refused') {
      if (claimed.isNew) await this.release(id, claim, claimed.claimedAt);
      throw passOn({ id, ...sent });
    }
    if (sent.kind === 'unknown') {
      this.logger.warn(`dead letter ${id}: its corrected event will be sent again: ${sent.why}`);
    }
    return { id, state: 'claimed', event };
  }

  private async findLetter(id: string): Promise<Letter> {
    const [letter] = await askDatabase(this.database, (manager) =>
      manager.query<Letter[]>(
        'select log_id, "offset", length, code, state from dead_letters where id = $1',
        [id],
      ),
    );
    if (letter === undefined) throw deadLetterUnknown(id);
    if (letter.state === 'resolved') throw isResolved(id);
    if (!RANGE_CODES.includes(letter.code)) return letter;
    const from = Number(letter.offset);
    throw isRange(id, { from, to: from + Number(letter.length) });
  }

  private async release(id: string, claim: Claim, claimedAt: string): Promise<void> {
    try {
      await askDatabase(this.database, (manager) => releaseClaim(manager, claim, claimedAt));
    } catch (error) {
      // It stays claimed, and is sent again later: what was asked for, after all.
      this.logger.warn(`dead letter ${id} stays claimed: ${(error as Error).message}`);
    }
  }
}

function refuseClaim(id: string, outcome: Exclude<ClaimOutcome, { kind: 'claimed' }>): Problem {
  return outcome.kind === 'resolved' ? isResolved(id) : isClaimed(id, outcome.event);
}
