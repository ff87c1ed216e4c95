import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DedupeIndex, type DedupeBounds } from '../../../src/staging-log/ids/dedupe-index.js';
import { writeIdFile } from '../../../src/staging-log/ids/id-file.js';
import { LOG_KEY_FILE } from '../../../src/staging-log/ids/log-key.js';
import { LogTime } from '../../../src/staging-log/ids/log-time.js';
import {
  openIdRegister,
  type OpenedIds,
  type SegmentIds,
} from '../../../src/staging-log/ids/open-id-register.js';
import { formatRecord } from '../../../src/staging-log/record-format.js';
import { rememberIds } from '../../../src/staging-log/ids/remember-ids.js';
import { FaultyLogFiles } from '../../support/staging-log-faults.js';

const KEY = Buffer.from('of the hashes 16');

/** A record of the log; a line of somebody else's when its timestamp is null. */
export interface LaidRecord {
  readonly timestamp: number | null;
  readonly id?: string;
  readonly payload: string;
}

const lineOf = ({ timestamp, ...record }: LaidRecord): string =>
  timestamp === null ? `${record.payload}\n` : formatRecord(timestamp, record);

interface LaidSegment {
  readonly first: number;
  readonly bytes: Buffer;
  readonly idsPath: string;
}

/** Segments whose ids are told by files in a directory, and by their bytes. All but the last are sealed. */
export class LaidLog {
  readonly files = new FaultyLogFiles();
  readonly segments: LaidSegment[] = [];
  reports: string[] = [];
  /** Which segments were read, since the last opening. */
  read: number[] = [];
  /** Of which segments the last line cannot be read. */
  readonly torn = new Set<number>();
  elapsedMs = 0;

  private constructor(readonly directory: string) {}

  static async create(): Promise<LaidLog> {
    const directory = await mkdtemp(join(tmpdir(), 'revenue-etl-laid-'));
    await writeFile(join(directory, LOG_KEY_FILE), KEY.toString('hex'));
    return new LaidLog(directory);
  }

  add(records: readonly LaidRecord[]): void {
    const last = this.segments.at(-1);
    const first = last === undefined ? 0 : last.first + last.bytes.length;
    const bytes = Buffer.from(records.map(lineOf).join(''));
    const idsPath = join(
      this.directory,
      `${String(first).padStart(20, '0')}-${this.segments.length}.ids`,
    );
    this.segments.push({ first, bytes, idsPath });
  }

  open({ idsMax, windowSeconds }: DedupeBounds): Promise<OpenedIds> {
    this.reports = [];
    this.read = [];
    return openIdRegister({
      files: this.files,
      directory: this.directory,
      segments: this.segments.map((_, number) => this.segmentIds(number)),
      dedupeIdsMax: idsMax,
      dedupeWindowSeconds: windowSeconds,
      report: (level, message) => void this.reports.push(`${level} ${message}`),
      elapsed: () => this.elapsedMs,
    });
  }

  /** Writes the ids of a segment as a process would have done that read the log up to it. */
  async writeIds(number: number, bounds: DedupeBounds, key = KEY): Promise<void> {
    const index = new DedupeIndex(bounds, key);
    const time = new LogTime(bounds.windowSeconds);
    for (const { bytes } of this.segments.slice(0, number))
      rememberIds(Buffer.from(bytes), index, time);
    const { first, bytes, idsPath } = this.segments[number]!;
    const [from, startSeconds] = [index.position, time.seconds];
    rememberIds(Buffer.from(bytes), index, time);
    const seconds = time.seconds - startSeconds;
    const facts = { first, length: bytes.length, seconds, lastTimestamp: time.lastTimestamp };
    const source = { index, from, to: index.position, startSeconds, facts, bounds };
    await writeIdFile(this.files, idsPath, source);
  }

  /** Makes something else of the file of a segment. */
  async damage(number: number, change: (bytes: Buffer) => Buffer): Promise<void> {
    const { idsPath } = this.segments[number]!;
    await writeFile(idsPath, change(await readFile(idsPath)));
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }

  private segmentIds(number: number): SegmentIds {
    const { first, bytes, idsPath } = this.segments[number]!;
    const sealed = number < this.segments.length - 1;
    return { first, length: bytes.length, idsPath, sealed, pieces: () => this.pieces(number) };
  }

  private async *pieces(number: number): AsyncGenerator<Buffer> {
    this.read.push(number);
    const bytes = Buffer.from(this.segments[number]!.bytes);
    const border = bytes.lastIndexOf('\n', -2) + 1;
    yield await Promise.resolve(bytes.subarray(0, border));
    if (!this.torn.has(number)) yield bytes.subarray(border);
  }
}
