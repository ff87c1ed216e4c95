import type { IncomingMessage } from 'node:http';
import { setImmediate } from 'node:timers/promises';
import type { BodyBytes } from '../shared/http/body-bytes.js';
import { Problem } from '../shared/http/problem.js';
import { toProblem } from '../shared/http/to-problem.js';
import { announce, appends } from '../shared/tracing/trace-channels.js';
import type { AppendResult, StagingLog } from '../staging-log/staging-log.port.js';
import type { BatchPool } from './batch-pool.js';
import type { BodyReader } from './body-reader.js';
import type { EventBatch } from './event-batch.js';
import type { EventTally } from './event-tally.js';
import type { ItemCounts } from './item-counts.js';
import { NdjsonLines, type NdjsonLinesOptions } from './ndjson-lines.js';
import { refusedByLog } from './refused-by-log.js';
import { SLICE_BYTES_MAX } from './scan-window.js';

/** Appends of one body that are under way at once: the next chunk is read while the disk writes. */
const APPENDS_MAX = 4;
/** What one that is named takes in memory, about. */
const REJECTION_BYTES = 300;

export interface NdjsonBodyOptions extends NdjsonLinesOptions {
  readonly request: IncomingMessage;
  readonly log: StagingLog;
  readonly batches: BatchPool;
  readonly bodyBytes: BodyBytes;
  readonly counts: ItemCounts;
  readonly tally: EventTally;
  /** Whether so many events may be taken now; a problem when not. */
  readonly admit: (events: number) => Problem | null;
}

/**
 * Reads an NDJSON body and appends its events while it comes in. What is counted is in the order of the lines:
 * after a batch that the log refused, none is appended any more.
 */
export class NdjsonBody {
  private readonly lines: NdjsonLines;
  private readonly appends: Promise<void>[] = [];
  /** By the log: what was read from there on is not counted. */
  private refused: Problem | null = null;
  /** An append failed as none should: at once, nothing is appended behind it. */
  private failure: Problem | null = null;
  /** Of lines that have not ended, and of what is to be said of rejected ones. */
  private heldBytes = 0;

  constructor(
    private readonly reader: BodyReader,
    private readonly options: NdjsonBodyOptions,
  ) {
    this.lines = new NdjsonLines(options);
  }

  /** Resolves when nothing is under way any more: with null at the end of the body, else with what stopped it. */
  async take(): Promise<Problem | null> {
    try {
      for (let chunk = await this.reader.next(); chunk !== null; chunk = await this.reader.next()) {
        await this.takeChunk(chunk);
      }
      await this.fill((batch) => {
        this.lines.end(batch);
      });
      return await this.end(null);
    } catch (error) {
      return await this.end(toProblem(error));
    }
  }

  private async takeChunk(chunk: Buffer): Promise<void> {
    this.options.tally.bodyBytes += chunk.length;
    for (let rest = chunk; rest.length > 0;) {
      const slice = rest.subarray(0, SLICE_BYTES_MAX);
      let taken = 0;
      await this.fill((batch) => {
        taken = this.lines.take(slice, batch);
      });
      rest = rest.subarray(taken);
      if (taken < slice.length) await setImmediate();
    }
  }

  private async end(stop: Problem | null): Promise<Problem | null> {
    await Promise.all(this.appends);
    this.options.bodyBytes.give(this.heldBytes);
    return this.refused ?? stop;
  }

  /** @throws Problem when nothing more is to be taken. */
  private async fill(take: (batch: EventBatch) => void): Promise<void> {
    const stopped = this.refused ?? this.failure;
    if (stopped !== null) throw stopped;
    const { batches, log } = this.options;
    // One that is refused at once is waited for, so that no later one is appended behind the gap.
    const waits = log.health().kind === 'refusing';
    const batch = batches.borrow();
    try {
      take(batch);
      this.holdBytes();
      if (batch.items === 0) batches.giveBack(batch);
      else this.append(batch);
    } catch (error) {
      batches.giveBack(batch);
      throw error;
    }
    if (waits) await Promise.all(this.appends);
    while (this.appends.length >= APPENDS_MAX) await this.appends.shift();
  }

  private holdBytes(): void {
    const { bodyBytes, counts } = this.options;
    const bytes = this.lines.carriedBytes + counts.rejected.length * REJECTION_BYTES;
    if (bytes > this.heldBytes) bodyBytes.take(bytes - this.heldBytes);
    else bodyBytes.give(this.heldBytes - bytes);
    this.heldBytes = bytes;
  }

  /** The batch is given back when the log has answered. @throws Problem when the log was not asked. */
  private append(batch: EventBatch): void {
    const { request, log, batches, bodyBytes, admit } = this.options;
    const { lines } = batch;
    const refusal = lines.count === 0 ? null : admit(lines.count);
    if (refusal !== null) throw refusal;
    const { bytes } = lines;
    bodyBytes.take(bytes);
    const before = this.appends.at(-1);
    const announced = { request, records: lines.count };
    const appending =
      lines.count === 0 ? NOTHING : announce(appends, announced, () => log.appendLines(lines));
    const ended = appending.catch((error: unknown) => (this.failure = toProblem(error)));
    this.appends.push(
      Promise.all([ended, before]).then(([result]) => {
        this.settle(batch, result);
        bodyBytes.give(bytes);
        batches.giveBack(batch);
      }),
    );
  }

  private settle(batch: EventBatch, result: AppendResult | Problem): void {
    if (result instanceof Problem) this.refuse(result);
    else if (result.kind === 'refused') this.refuse(refusedByLog(result));
    else if (this.refused === null) batch.settle(result.outcomes, this.options.counts);
  }

  private refuse(problem: Problem): void {
    this.refused ??= problem;
    this.reader.stop(problem);
  }
}

const NOTHING: Promise<AppendResult> = Promise.resolve({ kind: 'durable', outcomes: [] });
