import type { DataSource } from 'typeorm';
import { announce, loadReads, loads, loadTransactions } from '../shared/tracing/trace-channels.js';
import type { Offset, StagingLogReader } from '../staging-log/staging-log.port.js';
import { samePlace, type Checkpoint } from './checkpoint.js';
import { CheckpointMirror } from './checkpoint-mirror.js';
import type { Batch, BatchBounds } from './batch.js';
import { loadBatch, type LoadedBatch } from './load-batch.js';
import type { LoadReport } from './load-report.js';
import type { LogStanding } from './log-standing.js';
import { proveCheckpoint } from './prove-checkpoint.js';
import { readBatch } from './read-batch.js';
import { readCheckpoint } from './read-checkpoint.js';
import { UserHistoryUpkeep, type RolledUp } from './user-history-upkeep.js';
import { readBacklog } from './workers/read-backlog.js';
import type { FoldPool } from './workers/fold-pool.js';
import { LogGrowth } from './workers/log-growth.js';

/**
 * How a run ended. `caught-up`: what was durable when it began is loaded. `busy`: a run is going on in
 * this process. `stopped`: asked to, between two batches. `wrong-log`: nothing may be loaded.
 */
export type RunOutcome =
  | { readonly kind: 'caught-up' }
  | { readonly kind: 'busy' }
  | { readonly kind: 'stopped' }
  | Extract<LogStanding, { kind: 'wrong-log' }>;

/** Of the old hours of users, which become days once all is loaded, a portion after the other. */
interface RollUpBounds {
  /** Of one portion, which is one transaction. */
  readonly rowsMax?: number;
  /** No portion begins later in a run; one is done in any case. */
  readonly msMax?: number;
}

export interface ProcessorOptions {
  readonly dataSource: DataSource;
  readonly log: StagingLogReader;
  readonly dataDir: string;
  readonly bounds: BatchBounds;
  /** Revenue is kept by hour for so many hours, and by day before. */
  readonly historyHoursMax: number;
  /** Left out: the bounds that a process has which runs now and then. */
  readonly rollUp?: RollUpBounds;
  /** Threads for a backlog; null: all is folded on this one. */
  readonly pool: FoldPool | null;
  /** Aborted when no further batch is to begin. */
  readonly stop: AbortSignal;
  /** After each commit, and whenever the checkpoint was read. */
  readonly onCheckpoint: (checkpoint: Checkpoint) => void;
  readonly onLoad: (report: LoadReport) => void;
  /** When the transaction of a load is run again, with the SQLSTATE that made it so. */
  readonly onRetry?: (sqlState: string) => void;
  /** Beside the log's owner: makes the log's end at least as new as the checkpoint just read. */
  readonly refresh?: () => Promise<void>;
}

/** About 10,000 events and a millisecond of this thread; to start threads takes 50. */
const INLINE_BYTES_MAX = 1024 * 1024;
const TROUBLED_BYTES_MAX = 8 * 1024 * 1024;
const ROLL_UP_MS_MAX = 2_000;
/** Of the time between two runs, where events wait for the next one meanwhile. */
const ROLL_UP_SHARE_MAX = 0.1;
const MS_PER_HOUR = 3_600_000;
const HOURS_PER_DAY = 24;

/**
 * Loads the log into the balances, batch after batch.
 *
 * A run is overlap-safe: in one process a second one finds it busy, across processes the checkpoint
 * moves by compare-and-set, and who loses begins again at the new one.
 */
export class Processor {
  private running: Promise<RunOutcome> | null = null;
  private proved: Checkpoint | null = null;
  private readonly mirror: CheckpointMirror;
  private readonly growth: LogGrowth;
  /** In milliseconds since 1970; -Infinity: by no load of this process. */
  private rolledUpBefore = -Infinity;
  /** Of the last run, by the monotonic clock. */
  private endedAt: number | null = null;
  /** Null: nobody asked for it. */
  private readonly userHistory: UserHistoryUpkeep | null;

  constructor(private readonly options: ProcessorOptions) {
    this.mirror = new CheckpointMirror(options.dataDir, options.log.identity);
    this.growth = new LogGrowth(options.log);
    const { dataSource, log, bounds, rollUp } = options;
    this.userHistory =
      bounds.byHour === true
        ? new UserHistoryUpkeep(dataSource, log.identity, rollUp?.rowsMax)
        : null;
  }

  /** @throws what the database throws; the next run begins where the last commit ended. */
  async runOnce(): Promise<RunOutcome> {
    if (this.running !== null) return { kind: 'busy' };
    this.running = this.run();
    try {
      return await this.running;
    } finally {
      this.running = null;
      this.endedAt = performance.now();
    }
  }

  /** Resolves when no run is going on. Never rejects. */
  async idle(): Promise<void> {
    await this.running?.catch(() => undefined);
  }

  /** Makes days of one portion of the old hours of users. To be called between runs. */
  async rollUpUsers(): Promise<RolledUp> {
    return (await this.userHistory?.rollUp(this.daysBefore())) ?? { rows: 0, isOver: true };
  }

  private async run(): Promise<RunOutcome> {
    const { dataSource, log, stop } = this.options;
    // What comes during the run is the next one's: else a run would never end under steady traffic,
    // and commit a handful of events at a time.
    const goal = log.endOffset();
    const idleMs = this.endedAt === null ? 0 : performance.now() - this.endedAt;
    this.growth.look(); // so that it is known once a backlog is read
    while (!stop.aborted) {
      const from = await readCheckpoint(dataSource.manager, log.identity);
      await this.options.refresh?.();
      const proof = await this.prove(from);
      if (proof.kind === 'wrong-log') return proof;
      await this.tell(from);
      if (from.offset >= goal) {
        await this.userHistory?.begin();
        await this.rollUpForAWhile(goal, idleMs);
        return { kind: 'caught-up' };
      }
      const loaded = await announce(loads, { load: from }, () => this.loadNext(from));
      if (loaded !== null) this.options.onLoad(loaded);
    }
    return { kind: 'stopped' };
  }

  /**
   * As many portions as there is time for: the next run may come in an hour, and a pass is to get through all users. It ends
   * earlier once events came that wait for that run, and holds them up by no more than a share of what they wait anyway.
   * @param idleMs how long there was no run before this one
   */
  private async rollUpForAWhile(goal: Offset, idleMs: number): Promise<void> {
    const { log, stop, rollUp } = this.options;
    const started = performance.now();
    const msMax = rollUp?.msMax ?? ROLL_UP_MS_MAX;
    while (!stop.aborted) {
      const { isOver } = await this.rollUpUsers();
      const mayTakeMs =
        log.endOffset() > goal ? Math.min(msMax, idleMs * ROLL_UP_SHARE_MAX) : msMax;
      if (isOver || performance.now() - started >= mayTakeMs) return;
    }
  }

  /** One batch. Null when another processor was faster: then the checkpoint is elsewhere. */
  private async loadNext(from: Checkpoint): Promise<LoadReport | null> {
    const { dataSource, log, onRetry } = this.options;
    const started = performance.now();
    const batch = await announce(loadReads, { load: from }, () => this.read(from));
    try {
      const to = await this.placeAfter(from, batch);
      await this.options.refresh?.(); // no other log was put in its place while it was read
      const rollUpBefore = this.daysBefore();
      const isDue = rollUpBefore > this.rolledUpBefore;
      const load = {
        ...{ logId: log.identity, from, to, batch, started, onRetry },
        rollUpBefore: isDue ? new Date(rollUpBefore) : null,
      };
      const storing = (): Promise<LoadedBatch> => loadBatch(dataSource, load);
      const loaded = await announce(loadTransactions, { load: from }, storing);
      if (loaded.kind === 'mismatch') return null;
      this.rolledUpBefore = rollUpBefore;
      this.userHistory?.noteLoad();
      this.proved = loaded.to;
      await this.tell(loaded.to);
      return loaded.report;
    } finally {
      batch.release();
    }
  }

  private async read({ offset }: Checkpoint): Promise<Batch> {
    const { log, bounds, pool } = this.options;
    const isBacklog = log.endOffset() - offset > INLINE_BYTES_MAX;
    if (!isBacklog || pool === null) return readBatch(log, offset, bounds);
    const folded = await readBacklog(log, offset, { bounds, pool, growth: this.growth });
    if (typeof folded === 'object') return folded;
    // Past the trouble, threads go on.
    const bytesMax = folded === 'troubled' ? TROUBLED_BYTES_MAX : Infinity;
    return readBatch(log, offset, { ...bounds, bytesMax });
  }

  /** The start of the first day, UTC, that is kept by hour. */
  private daysBefore(): number {
    const hour = Date.now() / MS_PER_HOUR - this.options.historyHoursMax;
    return Math.floor(hour / HOURS_PER_DAY) * HOURS_PER_DAY * MS_PER_HOUR;
  }

  /** A place that was proved before, or that this process loaded up to, is not read again. */
  private async prove(checkpoint: Checkpoint): ReturnType<typeof proveCheckpoint> {
    if (this.proved !== null && samePlace(this.proved, checkpoint)) return { kind: 'proved' };
    const proof = await proveCheckpoint(this.options.log, checkpoint, this.mirror);
    if (proof.kind === 'proved') this.proved = checkpoint;
    return proof;
  }

  private async tell(checkpoint: Checkpoint): Promise<void> {
    this.options.onCheckpoint(checkpoint);
    // For people only: a full disk must not hold up a load.
    await this.mirror.show(checkpoint).catch(() => undefined);
  }

  private async placeAfter(
    from: Checkpoint,
    { end, lastTimestamp }: Batch,
  ): Promise<Omit<Checkpoint, 'events'>> {
    return {
      offset: end,
      fingerprint: await this.options.log.fingerprintBefore(end),
      timestamp: lastTimestamp ?? from.timestamp,
    };
  }
}
