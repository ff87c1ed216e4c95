import { Injectable } from '@nestjs/common';
import { Problem } from '../shared/http/problem.js';
import { StagingLog, type AppendResult } from '../staging-log/staging-log.port.js';
import {
  NOTHING_STORED,
  sortEvents,
  summarize,
  type IngestResult,
  type Sender,
} from './accept-events.js';

/** Validates events and appends them to the staging log. */
@Injectable()
export class IngestService {
  constructor(private readonly log: StagingLog) {}

  /**
   * Resolves when every accepted event is durable. Items that break a rule are in `rejected`.
   * @throws Problem 429 or 503 with Retry-After when the log takes nothing; then nothing is stored.
   */
  async accept(items: readonly unknown[], sender: Sender = 'any'): Promise<IngestResult> {
    const sorted = sortEvents(items, sender);
    if (sorted.records.length === 0) return summarize(sorted, []);
    const appended = await this.log.append(sorted.records);
    if (appended.kind === 'refused') throw toProblem(appended);
    return summarize(sorted, appended.outcomes);
  }
}

function toProblem(refusal: Extract<AppendResult, { kind: 'refused' }>): Problem {
  const { code, message, retryAfterSeconds } = refusal;
  const status = code === 'QUEUE_FULL' ? 429 : 503;
  const detail = `nothing of this request was stored: ${message}`;
  return new Problem({ status, code, detail, retryAfterSeconds, members: NOTHING_STORED });
}
