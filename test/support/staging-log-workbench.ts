import { mkdtemp, readFile, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  LocalStagingLog,
  type LocalStagingLogOptions,
} from '../../src/staging-log/local-staging-log.js';
import { FaultyLogFiles } from './staging-log-faults.js';

type Bounds = Partial<
  Omit<LocalStagingLogOptions, 'dataDir' | 'report' | 'files' | 'now' | 'elapsed'>
>;

const BOUNDS = {
  segmentBytesMax: 64 * 1024 * 1024,
  dedupeIdsMax: 100_000,
  dedupeWindowSeconds: 3_600,
  appendQueueBytesMax: 64 * 1024 * 1024,
  backlogBytesMax: 0,
  diskFreeBytesMin: 0,
};

/** A local log in a directory of its own, on files that fail on demand. */
export class StagingLogWorkbench {
  readonly files = new FaultyLogFiles();
  readonly reports: string[] = [];
  /** What the clock says; the truth when null. */
  now: number | null = null;
  private elapsedMs = 0;
  private readonly logs: LocalStagingLog[] = [];

  private constructor(
    readonly dataDir: string,
    private readonly bounds: Bounds,
  ) {}

  /** @param bounds what differs from the wide ones, for all logs opened here */
  static async create(bounds: Bounds = {}): Promise<StagingLogWorkbench> {
    return new StagingLogWorkbench(await mkdtemp(join(tmpdir(), 'revenue-etl-log-')), bounds);
  }

  get directory(): string {
    return join(this.dataDir, 'staging');
  }

  get segment(): string {
    return join(this.directory, '00000000000000000000.jsonl');
  }

  /** @param bounds what differs from the wide ones */
  async open(bounds: Bounds = {}): Promise<LocalStagingLog> {
    const log = await LocalStagingLog.open({
      ...BOUNDS,
      ...this.bounds,
      ...bounds,
      dataDir: this.dataDir,
      files: this.files,
      now: () => this.now ?? Date.now(),
      elapsed: () => this.elapsedMs,
      report: (level, message) => void this.reports.push(`${level} ${message}`),
    });
    this.logs.push(log);
    return log;
  }

  /** Lets time pass, by the wall clock and by the monotonic one; without this, the latter stands. */
  passTime(milliseconds: number): void {
    this.now = (this.now ?? Date.now()) + milliseconds;
    this.elapsedMs += milliseconds;
  }

  /** Opens a log that others wrote: these are its bytes. */
  async openOver(bytes: string | Buffer): Promise<LocalStagingLog> {
    await this.lay(bytes);
    return this.open();
  }

  /** Lays bytes of others where the segment is, behind a hole of so many zeros. */
  async lay(bytes: string | Buffer, hole = 0): Promise<void> {
    await (await this.open()).close();
    await rm(join(this.directory, '00000000000000000000.sums'), { force: true });
    if (hole > 0) await truncate(this.segment, hole);
    await writeFile(this.segment, bytes, { flag: hole > 0 ? 'a' : 'w' });
  }

  bytes(): Promise<Buffer> {
    return readFile(this.segment);
  }

  async remove(): Promise<void> {
    this.files.heal();
    for (const log of this.logs) await log.close();
    await rm(this.dataDir, { recursive: true, force: true });
  }
}
