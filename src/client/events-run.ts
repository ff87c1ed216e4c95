import { beginRun, type BegunRun } from './begin-run.js';
import type { RunProgress } from './client.port.js';
import { EventsFile, EventsFileReadError } from './events-file.js';
import { FileSender, type FileSenderOptions } from './file-sender.js';
import { shownUrl } from './ingest-target.js';
import type { RunEnd } from './run-end.js';
import { noProgress, RunLedger } from './run-ledger.js';
import type { RunState } from './run-state.js';
import { RunStateUnwritableError } from './run-state.store.js';

export type Begun = Extract<BegunRun, { kind: 'begun' | 'resumed' }>;

export interface EventsRunOptions extends FileSenderOptions {
  readonly eventsFile: string;
  /** Hears how the run began, once that is on disk. */
  readonly begun: (run: Begun) => void;
}

/**
 * One call for a run: from the fingerprint of the file to the last answer, or to the reason why it
 * ended before. Every step is on disk before the next one relies on it.
 */
export class EventsRun {
  private readonly startedAt = performance.now();
  private ledger: RunLedger | null = null;
  private last: RunProgress | null = null;
  private bytesTotal = 0;

  constructor(private readonly options: EventsRunOptions) {}

  progress(): RunProgress {
    if (this.last !== null) return this.last;
    return this.ledger?.progress(true) ?? { ...noProgress(true), bytesTotal: this.bytesTotal };
  }

  /** To be called once. Rejects for defects only. */
  async execute(): Promise<RunEnd> {
    const { eventsFile: file, store } = this.options;
    try {
      const opened = await EventsFile.open(file);
      if (opened.kind === 'unreadable') return { ...opened, kind: 'file-unreadable', file };
      this.bytesTotal = opened.file.size;
      return await this.run(opened.file).finally(() => opened.file.close());
    } catch (error) {
      if (error instanceof RunStateUnwritableError) {
        return { kind: 'state-unwritable', statePath: store.path, cause: error.message };
      }
      if (error instanceof EventsFileReadError) {
        return { kind: 'file-unreadable', file, missing: false, cause: error.message };
      }
      throw error;
    } finally {
      this.last = { ...this.progress(), running: false };
    }
  }

  private async run(file: EventsFile): Promise<RunEnd> {
    const { store, eventsFile, stop } = this.options;
    const content = await file.fingerprint(stop);
    if (content === null) return { kind: 'stopped', progress: noProgress(false) };
    const begun = await beginRun(store, eventsFile, content);
    switch (begun.kind) {
      case 'begun':
      case 'resumed':
        if (this.isTooOld(begun.state)) return this.tooOld(begun.state);
        this.options.begun(begun);
        this.ledger = new RunLedger(begun.state);
        return await this.send(file, this.ledger);
      case 'file-changed':
        return this.fileChanged(begun.runId, false);
      case 'state-unreadable':
        return { ...begun, statePath: store.path };
      default:
        return begun satisfies never;
    }
  }

  private async send(file: EventsFile, ledger: RunLedger): Promise<RunEnd> {
    const { store, connection } = this.options;
    const sent = await new FileSender(ledger, this.options).send(file);
    const { runId, sha256 } = ledger.state;
    const whole = sent.kind === 'sent' && sent.sha256 === sha256;
    if (whole) ledger.finish();
    await store.save(ledger.state);
    switch (sent.kind) {
      case 'sent': {
        const durationMs = Math.round(performance.now() - this.startedAt);
        if (!whole) return this.fileChanged(runId, true);
        return { kind: 'finished', summary: ledger.summary(durationMs) };
      }
      case 'stopped':
        return { kind: 'stopped', progress: ledger.progress(false) };
      case 'failed': {
        const { failure } = sent;
        if (failure.kind === 'too-old') return this.tooOld(ledger.state);
        const url = shownUrl(connection.target);
        return { kind: 'send-failed', url, failure, progress: ledger.progress(false) };
      }
      default:
        return sent satisfies never;
    }
  }

  /** A clock that was set back makes nothing old. */
  private isTooOld({ sentSince }: RunState): boolean {
    if (sentSince === null) return false;
    return Date.now() - Date.parse(sentSince) > this.options.resendMsMax;
  }

  private tooOld({ runId, line, sentSince }: RunState): RunEnd {
    const { path: statePath } = this.options.store;
    return { kind: 'too-old', statePath, runId, line, sentSince: sentSince ?? '' };
  }

  private fileChanged(runId: string, whileSending: boolean): RunEnd {
    const { eventsFile: file, store } = this.options;
    return { kind: 'file-changed', file, statePath: store.path, runId, whileSending };
  }
}
