import { Injectable } from '@nestjs/common';
import { LoadStatus } from '../processor/processor.port.js';
import { AppConfig } from '../shared/config/app-config.js';
import { Drain } from '../shared/drain.js';
import { StagingLog } from '../staging-log/staging-log.port.js';
import { DatabaseProbe } from './database-probe.js';
import { measureLag } from './measure-lag.js';

/** What the database said so lately is told again: who asks for readiness often does not ask it as often. */
const PROBE_AGE_MS_MAX = 1_000;

/** One thing that is not as it should be. */
export interface HealthFinding {
  readonly part: 'process' | 'log' | 'database' | 'load';
  readonly code: string;
  readonly message: string;
}

export interface Readiness {
  /** `ready` means: can accept events durably, into the log that the database has loaded. */
  readonly status: 'ready' | 'not_ready' | 'shutting_down';
  /** Why not ready. */
  readonly failing: readonly HealthFinding[];
  /** What does not keep events from being accepted, but balances from being current. */
  readonly degraded: readonly HealthFinding[];
}

@Injectable()
export class HealthService {
  constructor(
    private readonly log: StagingLog,
    private readonly loads: LoadStatus,
    private readonly database: DatabaseProbe,
    private readonly drain: Drain,
    private readonly config: AppConfig,
  ) {}

  /** Waits a second at most for a database that hangs, and then not again until it is back. Never rejects. */
  async readiness(): Promise<Readiness> {
    const failing = this.failing();
    const degraded = await this.degraded();
    if (this.drain.begun) return { status: 'shutting_down', failing, degraded };
    return { status: failing.length === 0 ? 'ready' : 'not_ready', failing, degraded };
  }

  /** The same, without what is degraded. */
  isReady(): boolean {
    return this.failing().length === 0;
  }

  private failing(): HealthFinding[] {
    const findings: HealthFinding[] = [];
    if (this.drain.begun) {
      findings.push({ part: 'process', code: 'SHUTTING_DOWN', message: 'the process is stopping' });
    }
    const log = this.log.health();
    if (log.kind === 'refusing') {
      findings.push({ part: 'log', code: log.code, message: log.message });
    }
    const standing = this.loads.logStanding();
    if (standing.kind === 'wrong-log') {
      findings.push({ part: 'log', code: standing.code, message: standing.message });
    }
    return findings;
  }

  private async degraded(): Promise<HealthFinding[]> {
    const findings: HealthFinding[] = [];
    const [database, lag] = await Promise.all([this.database.look(PROBE_AGE_MS_MAX), this.lag()]);
    const trouble = this.loads.trouble();
    if (database.kind === 'away') {
      findings.push({ part: 'database', code: 'DATABASE_AWAY', message: database.reason });
    } else if (trouble !== null) {
      findings.push({ part: 'load', code: 'LOAD_FAILING', message: trouble });
    }
    if (lag !== null) findings.push(lag);
    return findings;
  }

  private async lag(): Promise<HealthFinding | null> {
    const { lagSecondsMax } = this.config;
    const { log, loads } = this;
    const { seconds } = await measureLag(log, loads.knownCheckpoint(), loads.logStanding());
    if (seconds === null || seconds <= lagSecondsMax) return null;
    const message = `the oldest event that is not loaded is ${Math.round(seconds)} s old, more than LAG_SECONDS_MAX (${lagSecondsMax})`;
    return { part: 'load', code: 'LAG', message };
  }
}
