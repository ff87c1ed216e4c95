import type { GroupCommit } from './group-commit.js';
import type { IdRegister } from './id-register.js';
import type { RecordClock } from './record-clock.js';
import { assertRecord, formatRecord } from './record-format.js';
import type { AppendResult, NewRecord, RecordOutcome } from './staging-log.port.js';

type Refusal = Extract<AppendResult, { kind: 'refused' }>;

/** The half of an append that knows records: checks them, puts the time in, lends them their ids. */
export class Appender {
  constructor(
    private readonly commits: GroupCommit,
    private readonly ids: IdRegister,
    private readonly clock: RecordClock,
  ) {}

  /**
   * For a log that takes records now; what is asked for after a failed commit is refused all the same.
   * Rejects with a TypeError for a record that cannot be stored; then nothing of the call is.
   */
  append(records: readonly NewRecord[]): Promise<AppendResult> {
    return new Promise((resolve) => {
      for (const record of records) assertRecord(record);
      const timestamp = this.clock.read();
      const outcomes: RecordOutcome[] = [];
      const claimed: (NewRecord & { readonly id: string })[] = [];
      let text = '';
      let waits = false;
      for (const record of records) {
        const claim = this.ids.claim(record);
        outcomes.push(claim.outcome);
        waits ||= claim.inFlight;
        if (claim.outcome !== 'appended') continue;
        text += formatRecord(timestamp, record);
        if (record.id !== undefined) claimed.push({ ...record, id: record.id });
      }
      const durable: AppendResult = { kind: 'durable', outcomes };
      if (text === '' && !waits) {
        resolve(durable);
        return;
      }
      this.commits.submit(text, (error) => {
        this.ids.settle(claimed, error === null);
        resolve(error === null ? durable : unavailable(error));
      });
    });
  }
}

/** What an append is answered that met, or came after, a failed commit. */
export const unavailable = (error: Error): Refusal => ({
  kind: 'refused',
  code: 'LOG_UNAVAILABLE',
  message: `the staging log cannot be written (${error.message})`,
  retryAfterSeconds: 2,
});
