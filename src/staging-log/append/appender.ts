import type { CommitEnd, GroupCommit } from './group-commit.js';
import type { IdRegister } from '../ids/id-register.js';
import type { RecordClock } from './record-clock.js';
import { assertRecord, formatRecord } from '../record-format.js';
import { RecordLines } from '../record-lines.port.js';
import type { AppendResult, NewRecord, RecordOutcome } from '../staging-log.port.js';
import { stampLines } from './stamp-lines.js';

type Refusal = Extract<AppendResult, { kind: 'refused' }>;
type Durable = Extract<AppendResult, { kind: 'durable' }>;

/** The half of an append that knows records: checks them, puts the time in, lends them their ids. */
export class Appender {
  private lastCommit: Promise<CommitEnd> | null = null;
  private lastAnswer: Promise<AppendResult> = Promise.resolve(ONE_APPENDED);
  private lastAppended = ONE_APPENDED;
  /** For records that come as texts; what is submitted of it is copied. */
  private readonly scratch = new RecordLines();

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
    const { scratch } = this;
    scratch.clear();
    try {
      const [first] = records;
      if (records.length === 1 && first !== undefined && first.id === undefined) {
        assertRecord(first);
        return this.appendOne(first);
      }
      for (const record of records) scratch.add(record);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.submit(scratch, (bytes) => Buffer.from(bytes));
  }

  /** The same, for lines that are the log's until the answer. */
  appendLines(lines: RecordLines): Promise<AppendResult> {
    return this.submit(lines, (bytes) => bytes);
  }

  /**
   * One record without an id, which can only be appended or refused: all of a commit are answered by
   * the same promise.
   */
  private appendOne(record: NewRecord): Promise<AppendResult> {
    const text = formatRecord(this.clock.read(), record);
    const { payload } = record;
    const bytes = text.length - payload.length + Buffer.byteLength(payload); // the rest is ASCII
    return this.answerOne(this.commits.submit(text, bytes));
  }

  private answerOne(commit: Promise<CommitEnd>): Promise<AppendResult> {
    if (commit !== this.lastCommit) {
      this.lastCommit = commit;
      this.lastAnswer = commit.then((end) => (end === null ? ONE_APPENDED : unavailable(end)));
    }
    return this.lastAnswer;
  }

  private submit(lines: RecordLines, take: (bytes: Buffer) => Buffer): Promise<AppendResult> {
    const { failed } = this.commits;
    // Nothing may be lent then: those before it are still to give back what they have, and in order.
    if (failed !== null) return Promise.resolve(unavailable(failed));
    const { lent: lentBefore } = this.ids;
    try {
      return this.submitNow(lines, take);
    } catch (error) {
      this.ids.takeBack(lentBefore); // what is lent without a commit would be taken for that of the next one
      return Promise.reject(error);
    }
  }

  private submitNow(lines: RecordLines, take: (bytes: Buffer) => Buffer): Promise<AppendResult> {
    const { outcomes, refused, lent, waits } = this.ids.claim(lines);
    const durable = outcomes === null ? this.allAppended(lines.count) : durableWith(outcomes);
    if (refused.length > 0) lines.cutOut(refused);
    if (lines.count === 0 && !waits) return Promise.resolve(durable);
    const bytes = take(stampLines(lines, this.clock.read()));
    if (lines.count === 1 && durable === ONE_APPENDED && lent === 0) {
      return this.answerOne(this.commits.submit(bytes, bytes.length));
    }
    return new Promise((resolve) => {
      void this.commits.submit(bytes, bytes.length, (end) => {
        if (lent > 0) this.ids.settle(lent, end === null);
        resolve(end === null ? durable : unavailable(end));
      });
    });
  }

  /** One answer serves all calls of a size, which tend to have the same. */
  private allAppended(count: number): AppendResult {
    if (count === 1) return ONE_APPENDED;
    if (this.lastAppended.outcomes.length !== count) {
      this.lastAppended = durableWith(new Array<RecordOutcome>(count).fill('appended'));
    }
    return this.lastAppended;
  }
}

const durableWith = (outcomes: readonly RecordOutcome[]): Durable =>
  Object.freeze({ kind: 'durable', outcomes });

/** What an append is answered that met, or came after, a failed commit. */
export const unavailable = (error: Error): Refusal => ({
  kind: 'refused',
  code: 'LOG_UNAVAILABLE',
  message: `the staging log cannot be written (${error.message})`,
  retryAfterSeconds: 2,
});

/** Shared by all who appended one record. */
const ONE_APPENDED = durableWith(['appended']);
