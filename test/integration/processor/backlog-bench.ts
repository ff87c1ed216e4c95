import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Batch } from '../../../src/processor/batch.js';
import { readBatch } from '../../../src/processor/read-batch.js';
import type { FoldWorker } from '../../../src/processor/workers/fold-worker-handle.js';
import { FoldPool } from '../../../src/processor/workers/fold-pool.js';
import {
  StagingLogReader,
  toOffset,
  type LogChunk,
  type LogComparison,
  type LogExtent,
  type Offset,
  type StagingLog,
} from '../../../src/staging-log/staging-log.port.js';
import { decodeDeltaPage, decodeHourPage } from '../../support/fold-bytes.js';

const WORKER = join(import.meta.dirname, '../../../dist/src/processor/workers/fold-worker.js');
export const BOUNDS = { usersMax: 1_000_000, readMsMax: 600_000 };
export const LOG_ID = '8c6f0a52-1d7e-4b39-9f0a-5e2c7d81b364';

/** A real pool, whose threads a test may end. */
export class OpenPool extends FoldPool {
  inUse: readonly FoldWorker[] = [];
  uses = 0;

  constructor(threads = 3, idleMs?: number) {
    super(pathToFileURL(WORKER), threads, idleMs);
  }

  override use<T>(work: (workers: readonly FoldWorker[]) => Promise<T>): Promise<T> {
    return super.use((workers) => {
      this.uses += 1;
      this.inUse = workers;
      return work(workers);
    });
  }
}

/** What happens before calls to a log; an error there is one of the log. */
interface ExtentHooks {
  readonly beforeExtent?: (count: number) => Promise<void> | void;
  readonly beforeRead?: () => Promise<void> | void;
  readonly beforeFingerprint?: () => Promise<void> | void;
}

/** A real log that gives small extents, so that each thread gets some of a few MB. */
export class ExtentReader extends StagingLogReader {
  extents = 0;
  readonly identity: string;

  constructor(
    private readonly log: StagingLogReader,
    private readonly hooks: ExtentHooks = {},
  ) {
    super();
    this.identity = log.identity;
  }

  async extentAt(from: Offset): Promise<LogExtent | null> {
    this.extents += 1;
    await this.hooks.beforeExtent?.(this.extents);
    return this.log.extentAt(from, 200_000);
  }

  async read(from: Offset, bytesMax: number): Promise<LogChunk> {
    await this.hooks.beforeRead?.();
    return this.log.read(from, bytesMax);
  }

  async fingerprintBefore(offset: Offset): Promise<string> {
    await this.hooks.beforeFingerprint?.();
    return this.log.fingerprintBefore(offset);
  }

  endOffset(): Offset {
    return this.log.endOffset();
  }

  startOffset(): Offset {
    return this.log.startOffset();
  }

  compare(offset: Offset, fingerprint: string): Promise<LogComparison> {
    return this.log.compare(offset, fingerprint);
  }

  timestampAt(offset: Offset): Promise<number | null> {
    return this.log.timestampAt(offset);
  }
}

export const eventPayload = (userId: string, value: number, name = 'add_revenue'): string =>
  JSON.stringify({ userId, name, value });

/** Appends, in calls of 500 records each. Where `record` gives none, it is an ordinary event. */
export async function appendMany(
  log: StagingLog,
  count: number,
  record: (index: number) => { payload: string; id?: string } | null = () => null,
): Promise<void> {
  for (let from = 0; from < count; from += 500) {
    const records = Array.from({ length: Math.min(500, count - from) }, (_, at) => {
      const index = from + at;
      const name = index % 3 === 0 ? 'subtract_revenue' : 'add_revenue';
      const payload = eventPayload(`user-${(index * 7_919) % 3_001}`, (index % 977) / 8, name);
      return record(index) ?? { payload };
    });
    const result = await log.append(records);
    if (result.kind !== 'durable') throw new Error(`the log refused: ${result.message}`);
  }
}

/** All that a batch is, in a form that can be compared. Gives it back. */
export async function contentsOf(batch: Batch): Promise<unknown> {
  const { end, events, users, lastTimestamp, hours, deadLetters, corrections } = batch;
  const deltas: (readonly [string, string])[] = [];
  for await (const page of batch.pages()) deltas.push(...decodeDeltaPage(page));
  const revenue = hours === null ? null : decodeHourPage(hours);
  batch.release();
  return { end, events, users, lastTimestamp, revenue, deadLetters, corrections, deltas };
}

/** What the main thread makes of the records from one place to another. */
export async function foldHere(log: StagingLogReader, from: Offset, to: Offset): Promise<Batch> {
  const read: StagingLogReader['read'] = async (at, bytesMax) => {
    if (at >= to) return { kind: 'end' };
    const chunk = await log.read(at, bytesMax);
    if (chunk.kind !== 'records' || chunk.next <= to) return chunk;
    return { ...chunk, bytes: chunk.bytes.subarray(0, to - at), next: toOffset(to) };
  };
  return readBatch({ read }, from, BOUNDS);
}
