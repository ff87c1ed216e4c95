import type { InvalidLine, RunProgress, RunSummary } from './client.port.js';
import { INVALID_LINES_KEPT_MAX, type RunState } from './run-state.js';
import type { ParcelReport } from './send-parcel.js';

/**
 * The accounts of a run: what was read, in this call, and what was answered, over all calls. The
 * part that has to survive a crash is `state`.
 */
export class RunLedger {
  private current: RunState;
  private read = 0;
  private bytesRead = 0;
  private refusedHere = 0;
  private readonly refusedHereLines: InvalidLine[] = [];
  private readonly answeredBefore: number;
  /** Of an earlier call: its lines up to this one may have been sent, not earlier than then. */
  private readonly before: { readonly sentLine: number; readonly sentSince: number | null };
  private readonly startedAt = performance.now();

  constructor(begun: RunState) {
    this.current = begun;
    this.answeredBefore = this.answered;
    const { sentLine, sentSince } = begun;
    this.before = { sentLine, sentSince: sentSince === null ? null : Date.parse(sentSince) };
    if (sentSince === null) this.allowLines(begun.line);
  }

  get state(): RunState {
    return this.current;
  }

  /** @param bytes of the file, from its start */
  readTo(bytes: number): void {
    this.bytesRead = bytes;
  }

  countRead(): void {
    this.read += 1;
  }

  refuse(invalid: InvalidLine): void {
    this.refusedHere += 1;
    if (this.refusedHereLines.length < INVALID_LINES_KEPT_MAX) this.refusedHereLines.push(invalid);
  }

  /** To be called in the order of the file. */
  settle(report: ParcelReport): void {
    const { current } = this;
    this.current = {
      ...current,
      line: report.line ?? current.line,
      accepted: current.accepted + report.accepted,
      duplicates: current.duplicates + report.duplicates,
      rejected: current.rejected + report.rejectedTotal,
      rejectedLines: firstOf([...current.rejectedLines, ...report.rejected]),
    };
  }

  /** Since when an earlier call may have stored this line, in ms since 1970; null: it has not. */
  sentBefore(line: number): number | null {
    return line <= this.before.sentLine ? this.before.sentSince : null;
  }

  /** No line beyond this one will be sent until the ledger says so again. */
  allowLines(sentLine: number): void {
    this.current = { ...this.current, sentLine };
  }

  /** @param since when this call has sent something that is not settled, or null. */
  noteSent(since: number | null): void {
    const earlier = this.sentBefore(this.current.line + 1) ?? Infinity;
    const oldest = Math.min(since ?? Infinity, earlier);
    const sentSince = oldest === Infinity ? null : new Date(oldest).toISOString();
    this.current = { ...this.current, sentSince };
  }

  finish(): void {
    this.current = { ...this.current, sentSince: null, finished: true };
  }

  summary(durationMs: number): RunSummary {
    const { runId, accepted, duplicates, rejectedLines } = this.current;
    const byLine = (a: InvalidLine, b: InvalidLine): number => a.line - b.line;
    const invalid = firstOf([...this.refusedHereLines, ...rejectedLines].sort(byLine));
    const { read, invalidTotal } = this;
    return { runId, read, accepted, duplicates, invalid, invalidTotal, durationMs };
  }

  progress(running: boolean): RunProgress {
    const { runId, line, accepted, duplicates, size } = this.current;
    const seconds = Math.max(0.001, (performance.now() - this.startedAt) / 1_000);
    const ratePerSecond = Math.round((this.answered - this.answeredBefore) / seconds);
    const { read, invalidTotal, bytesRead } = this;
    const counts = { line, read, accepted, duplicates, invalidTotal };
    return { running, runId, ...counts, bytesRead, bytesTotal: size, ratePerSecond };
  }

  private get invalidTotal(): number {
    return this.refusedHere + this.current.rejected;
  }

  private get answered(): number {
    const { accepted, duplicates, rejected } = this.current;
    return accepted + duplicates + rejected;
  }
}

const firstOf = (lines: readonly InvalidLine[]): readonly InvalidLine[] =>
  lines.length <= INVALID_LINES_KEPT_MAX ? lines : lines.slice(0, INVALID_LINES_KEPT_MAX);

/** Before the first run of the process, and until the file has been fingerprinted. */
export const noProgress = (running: boolean): RunProgress => ({
  running,
  runId: null,
  line: 0,
  read: 0,
  accepted: 0,
  duplicates: 0,
  invalidTotal: 0,
  bytesRead: 0,
  bytesTotal: 0,
  ratePerSecond: 0,
});
