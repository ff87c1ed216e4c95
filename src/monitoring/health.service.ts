import { Injectable } from '@nestjs/common';
import { LoadStatus } from '../processor/processor.port.js';
import { Database } from '../shared/database/database.js';
import { Drain } from '../shared/drain.js';
import { StagingLog } from '../staging-log/staging-log.port.js';

/** One thing that is not as it should be. */
export interface HealthFinding {
  readonly part: 'process' | 'log' | 'database';
  readonly code: string;
  readonly message: string;
}

export interface Readiness {
  /** `ready` means: can accept events durably. */
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
    private readonly database: Database,
    private readonly drain: Drain,
  ) {}

  readiness(): Readiness {
    const failing = this.failing();
    const degraded = this.degraded();
    if (this.drain.begun) return { status: 'shutting_down', failing, degraded };
    return { status: failing.length === 0 ? 'ready' : 'not_ready', failing, degraded };
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

  private degraded(): HealthFinding[] {
    const { state } = this.database;
    if (state.kind === 'ready') return [];
    return [{ part: 'database', code: 'DATABASE_AWAY', message: state.reason }];
  }
}
