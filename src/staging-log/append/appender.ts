import type { CommitEnd, GroupCommit } from './group-commit.js';
import type { IdRegister } from '../ids/id-register.js';
import type { RecordClock } from './record-clock.js';
import { assertRecord, formatRecord } from '../record-format.js';
import type { AppendResult, NewRecord, RecordOutcome } from '../staging-log.port.js';

type Refusal = Extract<AppendResult, { kind: 'refused' }>;

/** Shared by all who appended one record. */
const ONE_APPENDED: AppendResult = Object.freeze({
  kind: 'durable',
  outcomes: Object.freeze(['appended'] as const),
});

/** The half of an append that knows records: checks them, puts the time in, lends them their ids. */
export class Appender {
  private lastCommit: Promise<CommitEnd> | null = null;
  private lastAnswer: Promise<AppendResult> = Promise.resolve(ONE_APPENDED);

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
    try {
      for (const record of records) assertRecord(record);
      const [first] = records;
      if (records.length === 1 && first !== undefined && first.id === undefined) {
        return this.appendOne(first);
      }
      return this.appendAll(records);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * One record without an id, which can only be appended or refused: all of a commit are answered by
   * the same promise.
   */
  private appendOne(record: NewRecord): Promise<AppendResult> {
    const text = formatRecord(this.clock.read(), record);
    const { payload } = record;
    const bytes = text.length - payload.length + Buffer.byteLength(payload); // the rest is ASCII
    const commit = this.commits.submit(text, bytes);
    if (commit !== this.lastCommit) {
      this.lastCommit = commit;
      this.lastAnswer = commit.then((end) => (end === null ? ONE_APPENDED : unavailable(end)));
    }
    return this.lastAnswer;
  }

  private appendAll(records: readonly NewRecord[]): Promise<AppendResult> {
    const timestamp = this.clock.read();
    const outcomes: RecordOutcome[] = [];
    const claimed: NewRecord[] = [];
    let text = '';
    let waits = false;
    for (const record of records) {
      const claim = this.ids.claim(record);
      outcomes.push(claim.outcome);
      waits ||= claim.inFlight;
      if (claim.outcome !== 'appended') continue;
      text += formatRecord(timestamp, record);
      if (record.id !== undefined) claimed.push(record);
    }
    const durable: AppendResult = { kind: 'durable', outcomes };
    if (text === '' && !waits) return Promise.resolve(durable);
    return new Promise((resolve) => {
      void this.commits.submit(text, Buffer.byteLength(text), (end) => {
        this.ids.settle(claimed, end === null);
        resolve(end === null ? durable : unavailable(end));
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
