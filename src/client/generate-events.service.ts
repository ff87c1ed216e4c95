import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../shared/config/app-config.js';
import { Drain } from '../shared/drain.js';
import { InternalKey } from '../shared/http/internal-key.js';
import { Listeners } from '../shared/http/listeners.js';
import { GenerateEvents, type RunProgress, type RunSummary } from './client.port.js';
import { EventsRun, type Begun } from './events-run.js';
import { IngestConnection } from './ingest.connection.js';
import { chooseTarget, type IngestTarget } from './ingest-target.js';
import type { RunEnd } from './run-end.js';
import { noProgress } from './run-ledger.js';
import { runInProgress, runProblem } from './run-problem.js';
import { RunStateStore } from './run-state.store.js';

const REQUEST_BYTES_MAX = 1024 * 1024;
const REQUEST_TIMEOUT_MS = 60_000;
/** What of the window is left to the request that sends something again: at most this part of it. */
const RESEND_RESERVE = 0.1;

/**
 * Holds the one run of the process. The run belongs to nobody: it goes on when its caller has gone,
 * and ends early only when it fails or the process drains.
 */
@Injectable()
export class GenerateEventsService extends GenerateEvents {
  private readonly logger = new Logger('Client');
  private readonly stopping = new AbortController();
  private readonly cutting = new AbortController();
  private lastRun: EventsRun | null = null;
  private running: Promise<RunEnd> | null = null;
  private readonly watchers: (() => void)[] = [];

  constructor(
    private readonly config: AppConfig,
    private readonly listeners: Listeners,
    private readonly internalKey: InternalKey,
    drain: Drain,
  ) {
    super();
    const stop = (): void => {
      this.stopping.abort();
    };
    if (drain.begun) stop();
    else drain.signal.addEventListener('abort', stop, { once: true });
  }

  async run(): Promise<RunSummary> {
    if (this.running !== null) throw runInProgress(this.progress().runId);
    this.running = this.execute();
    try {
      const end = await this.running;
      if (end.kind === 'finished') return end.summary;
      throw runProblem(end);
    } finally {
      this.running = null;
    }
  }

  progress(): RunProgress {
    return this.lastRun?.progress() ?? noProgress(this.running !== null);
  }

  onChange(changed: () => void): void {
    this.watchers.push(changed);
  }

  async stop(): Promise<void> {
    this.stopping.abort();
    if (this.running === null) return;
    const cut = setTimeout(() => {
      this.cutting.abort();
    }, this.config.drainTimeoutMs);
    // Whoever called run() hears of a defect; here only the end of it matters.
    await this.running.then(ignore, ignore);
    clearTimeout(cut);
  }

  private async execute(): Promise<RunEnd> {
    if (this.stopping.signal.aborted) return { kind: 'stopped', progress: noProgress(false) };
    const chosen = chooseTarget(this.config, () => ({
      serverUrl: this.listeners.serverUrl(),
      secret: this.internalKey.secret,
    }));
    if (chosen.kind === 'setting-invalid') return chosen;
    const connection = this.connect(chosen.target);
    try {
      this.lastRun = this.newRun(connection);
      this.tellChange();
      const end = await this.lastRun.execute();
      this.logEnd(end);
      return end;
    } finally {
      this.tellChange();
      connection.close();
    }
  }

  private tellChange(): void {
    for (const changed of this.watchers) changed();
  }

  private connect(target: IngestTarget): IngestConnection {
    const { clientConcurrencyMax: concurrencyMax } = this.config;
    return new IngestConnection(target, { concurrencyMax, requestTimeoutMs: REQUEST_TIMEOUT_MS });
  }

  private newRun(connection: IngestConnection): EventsRun {
    const { dataDir, eventsFile, clientRequestItemsMax } = this.config;
    const { clientConcurrencyMax, clientAttemptsMax } = this.config;
    return new EventsRun({
      eventsFile,
      store: new RunStateStore(dataDir, eventsFile),
      connection,
      parcelBounds: { itemsMax: clientRequestItemsMax, bytesMax: REQUEST_BYTES_MAX },
      concurrencyMax: clientConcurrencyMax,
      attemptsMax: clientAttemptsMax,
      resendMsMax: this.resendMsMax(),
      stop: this.stopping.signal,
      cut: this.cutting.signal,
      begun: (run) => {
        this.logBegun(run);
      },
    });
  }

  /** The window of another ingest is unknown, and taken to be as long as the own one. */
  private resendMsMax(): number {
    const { dedupeWindowSeconds, dedupeIdsMax } = this.config;
    const windowMs = dedupeIdsMax === 0 ? 0 : dedupeWindowSeconds * 1_000;
    return windowMs - Math.min(REQUEST_TIMEOUT_MS, windowMs * RESEND_RESERVE);
  }

  private logBegun({ kind, state: { runId, line } }: Begun): void {
    this.logger.log(`run ${runId} ${kind} after line ${line} of ${this.config.eventsFile}`);
  }

  /** The caller may have gone, so the end is told here too. */
  private logEnd(end: RunEnd): void {
    if (end.kind !== 'finished') {
      this.logger.warn(`the run did not finish: ${runProblem(end).message}`);
      return;
    }
    const { runId, read, accepted, duplicates, invalidTotal, durationMs } = end.summary;
    const counts = `${accepted} accepted, ${duplicates} duplicates, ${invalidTotal} invalid`;
    this.logger.log(`run ${runId} finished: ${read} read, ${counts}, in ${durationMs} ms`);
  }
}

const ignore = (): void => undefined;
