import { Appender, unavailable } from './append/appender.js';
import { GroupCommit } from './append/group-commit.js';
import { nodeLogFiles } from './files/log-files.js';
import { readLoadedHint } from './files/read-loaded-hint.js';
import { openLocalLog, type LocalStagingLogOptions, type LogParts } from './open-local-log.js';
import type { LogRetention } from './log-retention.port.js';
import type { RecordLines } from './record-lines.port.js';
import { SelfHealing } from './append/self-healing.js';
import {
  StagingLog,
  type AppendResult,
  type DiskSpace,
  type LogChunk,
  type LogComparison,
  type LogExtent,
  type LogFigures,
  type LogHealth,
  type NewRecord,
  type Offset,
  type RefusalCode,
} from './staging-log.port.js';

export type { LocalStagingLogOptions } from './open-local-log.js';

type Refusal = Extract<AppendResult, { kind: 'refused' }>;

/**
 * The staging log in local files.
 *
 * States: accepting; healing (a write or sync failed: refuses, reads go on, tries to reopen until it
 * works, then accepts again); displaced (its file is not in place: refuses, reads go on, accepts again
 * when the file is back); closed (takes nothing, for good).
 */
export class LocalStagingLog extends StagingLog {
  private readonly commits: GroupCommit;
  private readonly appender: Appender;
  private readonly healing: SelfHealing;
  private loaded: Offset | null = null;
  private closing: Promise<void> | null = null;

  private constructor(
    private readonly options: LocalStagingLogOptions,
    private readonly parts: LogParts,
    /** See `readLoadedHint`; counts until the checkpoint is told. */
    private readonly loadedHint: number | null,
  ) {
    super();
    const { report } = options;
    this.commits = new GroupCommit(parts.chain, (error) => {
      report('error', `the staging log takes no events: ${error.message}`);
      this.healing.begin();
    });
    this.healing = new SelfHealing({
      ...{ commits: this.commits, target: parts.chain, report },
      end: () => this.endOffset(),
      onHealed: () => {
        report('info', `the staging log takes events again, at ${this.endOffset()}`);
      },
    });
    this.appender = new Appender(this.commits, parts.ids.register, parts.clock);
  }

  /** Opens or creates the log, repairs what a crash left, and reads the ids of the window back. */
  static async open(options: LocalStagingLogOptions): Promise<LocalStagingLog> {
    const parts = await openLocalLog(options);
    const { files = nodeLogFiles, dataDir, backlogBytesMax } = options;
    const hint = backlogBytesMax > 0 ? await readLoadedHint(files, dataDir, parts.view) : null;
    return new LocalStagingLog(options, parts, hint);
  }

  get identity(): string {
    return this.parts.reader.identity;
  }

  endOffset(): Offset {
    return this.parts.reader.endOffset();
  }

  startOffset(): Offset {
    return this.parts.reader.startOffset();
  }

  read(from: Offset, bytesMax: number): Promise<LogChunk> {
    return this.parts.reader.read(from, bytesMax);
  }

  extentAt(from: Offset, bytesMax: number): Promise<LogExtent | null> {
    return this.parts.reader.extentAt(from, bytesMax);
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

  appendLines(lines: RecordLines): Promise<AppendResult> {
    const refusal = this.refusal();
    return refusal === null ? this.appender.appendLines(lines) : Promise.resolve(refusal);
  }

  health(): LogHealth {
    const refusal = this.refusal();
    if (refusal === null) return { kind: 'accepting' };
    return { kind: 'refusing', code: refusal.code, message: refusal.message };
  }

  diskSpace(): DiskSpace | null {
    return this.parts.ground.space;
  }

  figures(): LogFigures {
    const { commits, parts } = this;
    const { index, now } = parts.ids;
    return {
      queue: { bytes: commits.pendingBytes, appends: commits.pendingAppends },
      appendSeconds: commits.appendSeconds,
      syncSeconds: parts.syncSeconds,
      ids: { remembered: index.size, windowSeconds: index.effectiveWindow(now()) },
      clockStepsBack: parts.clock.stepsBack,
      retired: parts.retention.retired,
    };
  }

  size(): { readonly segments: number; readonly bytes: number } {
    const { view } = this.parts;
    return { segments: view.segments.length, bytes: view.end - view.start };
  }

  noteLoaded(offset: Offset): void {
    this.loaded = offset;
    this.parts.retention.noteLoaded(offset);
  }

  /** Of its oldest segments: nothing happens unless it is asked. */
  get retention(): LogRetention {
    return this.parts.retention;
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
    const backlog = parts.view.end - (this.loaded ?? this.loadedHint ?? parts.view.end);
    if (options.backlogBytesMax > 0 && backlog > options.backlogBytesMax) {
      return refuse('BACKLOG_FULL', 'more waits for the load than BACKLOG_BYTES_MAX', 5);
    }
    return null;
  }

  private async closeFiles(): Promise<void> {
    const { ground, sealer, view, reader, retention } = this.parts;
    await retention.stop();
    await ground.stop();
    await this.commits.idle();
    await this.healing.stop(); // it exchanges the file that is closed below
    await sealer.stop();
    for (const file of [view.active, reader]) {
      await file.close().catch((error: unknown) => {
        this.options.report('warn', `a file of the staging log does not close: ${String(error)}`);
      });
    }
  }
}

function refuse(code: RefusalCode, message: string, retryAfterSeconds: number): Refusal {
  return { kind: 'refused', code, message, retryAfterSeconds };
}
