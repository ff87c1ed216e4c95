import { ActiveSegment } from './active-segment.js';
import { Appender, unavailable } from './appender.js';
import type { GroundWatch } from './ground-watch.js';
import { GroupCommit } from './group-commit.js';
import type { IdRegister } from './id-register.js';
import { LocalLogReader } from './local-log-reader.js';
import { openLogDirectory, segmentPath, stagingDirectory } from './log-directory.js';
import { nodeLogFiles, type LogFiles } from './log-files.js';
import { openIdRegister } from './open-id-register.js';
import { readPieces } from './read-pieces.js';
import { RecordClock } from './record-clock.js';
import {
  StagingLog,
  START_OF_LOG,
  type AppendResult,
  type LogChunk,
  type LogComparison,
  type LogHealth,
  type NewRecord,
  type Offset,
  type RefusalCode,
} from './staging-log.port.js';
import { watchGround } from './watch-ground.js';

export interface LocalStagingLogOptions {
  /** The log lives in `<dataDir>/staging`. Its caller owns the directory, see DataDirectoryOwner. */
  readonly dataDir: string;
  readonly dedupeIdsMax: number;
  readonly dedupeWindowSeconds: number;
  readonly appendQueueBytesMax: number;
  /** 0: off. */
  readonly backlogBytesMax: number;
  readonly diskFreeBytesMin: number;
  readonly report: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly files?: LogFiles;
  /** The wall clock of records, in milliseconds. */
  readonly now?: () => number;
  /** A monotonic clock for the age of ids, in milliseconds. */
  readonly elapsed?: () => number;
}

type Refusal = Extract<AppendResult, { kind: 'refused' }>;

const HEAL_FIRST_DELAY_MS = 100;
const HEAL_DELAY_MAX_MS = 2_000;

interface Parts {
  readonly segment: ActiveSegment;
  readonly reader: LocalLogReader;
  readonly ids: IdRegister;
  readonly ground: GroundWatch;
}

/**
 * The staging log in one local file.
 *
 * States: accepting; healing (a write or sync failed: refuses, reads go on, tries to reopen until it
 * works, then accepts again); displaced (its file is not in place: refuses, reads go on, accepts again
 * when the file is back); closed (takes nothing, for good).
 */
export class LocalStagingLog extends StagingLog {
  private readonly commits: GroupCommit;
  private readonly appender: Appender;
  private loaded: Offset | null = null;
  private closing: Promise<void> | null = null;
  private healTimer: NodeJS.Timeout | undefined;
  private healing: Promise<void> | null = null;

  private constructor(
    private readonly options: LocalStagingLogOptions,
    private readonly parts: Parts,
  ) {
    super();
    this.commits = new GroupCommit(parts.segment, (error) => {
      options.report('error', `the staging log takes no events: ${error.message}`);
      this.healLater(HEAL_FIRST_DELAY_MS);
    });
    const clock = new RecordClock((back) => {
      options.report('warn', `the clock went back by ${back} ms; timestamps follow it`);
    }, options.now);
    this.appender = new Appender(this.commits, parts.ids, clock);
  }

  /** Opens or creates the log, cuts a torn tail, and reads the ids of the window back. */
  static async open(options: LocalStagingLogOptions): Promise<LocalStagingLog> {
    const files = options.files ?? nodeLogFiles;
    const directory = stagingDirectory(options.dataDir);
    const identity = await openLogDirectory(files, directory);
    const path = segmentPath(directory, START_OF_LOG);
    const segment = await ActiveSegment.open(files, path, directory);
    const opened: (ActiveSegment | LocalLogReader)[] = [segment];
    try {
      reportTornTail(segment, options);
      const readerFd = await files.open(path, 'r');
      const reader = new LocalLogReader(identity, files, readerFd, () => segment.end);
      opened.push(reader);
      const pieces = (): AsyncIterable<Buffer> => readPieces(reader);
      const active = {
        first: START_OF_LOG,
        length: segment.end,
        idsPath: '',
        sealed: false,
        pieces,
      };
      const known = { ...options, files, directory, segments: [active] };
      const { register: ids } = await openIdRegister(known);
      const ground = await watchGround({ segment, reader }, { files, directory }, options);
      return new LocalStagingLog(options, { segment, reader, ids, ground });
    } catch (error) {
      await Promise.allSettled(opened.map((one) => one.close()));
      throw error;
    }
  }

  get identity(): string {
    return this.parts.reader.identity;
  }

  endOffset(): Offset {
    return this.parts.reader.endOffset();
  }

  read(from: Offset, bytesMax: number): Promise<LogChunk> {
    return this.parts.reader.read(from, bytesMax);
  }

  startOffset(): Offset {
    return this.parts.reader.startOffset();
  }

  fingerprintBefore(offset: Offset): Promise<string> {
    return this.parts.reader.fingerprintBefore(offset);
  }

  compare(offset: Offset, fingerprint: string): Promise<LogComparison> {
    return this.parts.reader.compare(offset, fingerprint);
  }

  timestampAt(offset: Offset): Promise<number | null> {
    return this.parts.reader.timestampAt(offset);
  }

  append(records: readonly NewRecord[]): Promise<AppendResult> {
    const refusal = this.refusal();
    return refusal === null ? this.appender.append(records) : Promise.resolve(refusal);
  }

  health(): LogHealth {
    const refusal = this.refusal();
    if (refusal === null) return { kind: 'accepting' };
    return { kind: 'refusing', code: refusal.code, message: refusal.message };
  }

  size(): { readonly segments: number; readonly bytes: number } {
    return { segments: 1, bytes: this.endOffset() };
  }

  noteLoaded(offset: Offset): void {
    this.loaded = offset;
  }

  close(): Promise<void> {
    this.closing ??= this.closeFiles();
    return this.closing;
  }

  /** Why nothing is taken now, or null. The disk's refusals come before those of the bounds. */
  private refusal(): Refusal | null {
    const { options, parts } = this;
    if (this.closing !== null) return refuse('LOG_CLOSED', 'the server is shutting down', 5);
    const { trouble } = parts.ground;
    if (trouble !== null) return refuse('LOG_UNAVAILABLE', trouble, 2);
    const { failed } = this.commits;
    if (failed !== null) return unavailable(failed);
    if (parts.ground.low) {
      const message = `less than DISK_FREE_BYTES_MIN (${options.diskFreeBytesMin}) bytes are free`;
      return refuse('DISK_FULL', message, 5);
    }
    if (this.commits.pendingBytes >= options.appendQueueBytesMax) {
      return refuse('QUEUE_FULL', 'more waits for the disk than APPEND_QUEUE_BYTES_MAX', 1);
    }
    const backlog = this.loaded === null ? 0 : this.endOffset() - this.loaded;
    if (options.backlogBytesMax > 0 && backlog > options.backlogBytesMax) {
      return refuse('BACKLOG_FULL', 'more waits for the load than BACKLOG_BYTES_MAX', 5);
    }
    return null;
  }

  private healLater(delayMs: number): void {
    if (this.closing !== null) return;
    this.healTimer = setTimeout(() => {
      this.healing = this.heal(delayMs);
    }, delayMs).unref();
  }

  private async heal(delayMs: number): Promise<void> {
    await this.commits.idle();
    try {
      await this.parts.segment.heal();
    } catch (error) {
      this.options.report('error', `the staging log cannot go on yet: ${String(error)}`);
      this.healLater(Math.min(HEAL_DELAY_MAX_MS, delayMs * 2));
      return;
    }
    this.commits.resume();
    this.options.report('info', `the staging log takes events again, at ${this.endOffset()}`);
  }

  private async closeFiles(): Promise<void> {
    clearTimeout(this.healTimer);
    await this.parts.ground.stop();
    await this.commits.idle();
    await this.healing; // it exchanges the file that is closed here
    if (this.commits.failed !== null) await this.cutRefused();
    for (const file of [this.parts.segment, this.parts.reader]) {
      await file.close().catch((error: unknown) => {
        this.options.report('warn', `a file of the staging log does not close: ${String(error)}`);
      });
    }
  }

  /** What the last failed commit left in the file would be loaded after the next start. */
  private async cutRefused(): Promise<void> {
    try {
      await this.parts.segment.heal();
    } catch (error) {
      const what = `what was refused may still stand at offset ${this.endOffset()}: ${String(error)}`;
      this.options.report('error', what);
    }
  }
}

function refuse(code: RefusalCode, message: string, retryAfterSeconds: number): Refusal {
  return { kind: 'refused', code, message, retryAfterSeconds };
}

function reportTornTail({ tornTail }: ActiveSegment, { report }: LocalStagingLogOptions): void {
  if (tornTail === null) return;
  const { bytes, offset, keptAs } = tornTail;
  const where = keptAs === null ? 'the disk has no room to keep them' : `kept as ${keptAs}`;
  report('warn', `cut ${bytes} bytes without a line end at offset ${offset}, ${where}`);
}
