import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { CountDeadLetters } from '../../../src/dead-letters/count-dead-letters.js';
import { DatabaseProbe } from '../../../src/monitoring/database-probe.js';
import { HealthService } from '../../../src/monitoring/health.service.js';
import { StatusService } from '../../../src/monitoring/status.service.js';
import { LoadService } from '../../../src/processor/load.service.js';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { Database } from '../../../src/shared/database/database.js';
import { Drain } from '../../../src/shared/drain.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import type { LoadHarness } from '../processor/load-harness.js';

/** A process as far as monitoring asks it: its log, its loads, which run when a test says so, and what it tells. */
export interface Monitored {
  readonly log: LocalStagingLog;
  readonly loads: LoadService;
  readonly health: HealthService;
  readonly status: StatusService;
}

interface Settings {
  /** Left out: the pool of the harness. */
  readonly dataSource?: DataSource;
  readonly lagSecondsMax?: number;
}

/** Puts a process together around a log. */
export async function monitor(
  harness: LoadHarness,
  log: LocalStagingLog,
  { dataSource = harness.dataSource, lagSecondsMax = 300 }: Settings = {},
): Promise<Monitored> {
  Logger.overrideLogger(false);
  const config = Object.assign(new AppConfig(), {
    ...{ migrationsRun: false, lagSecondsMax, dataDir: harness.dataDir() },
    ...{ loadUsersMax: 100_000, loadReadMsMax: 60_000, historyHoursMax: 2_208, userHistory: false },
  });
  const drain = new Drain();
  const database = new Database(dataSource, config, drain);
  await database.start(60_000);
  const loads = new LoadService(database, log, drain, config);
  return {
    ...{ log, loads },
    health: new HealthService(log, loads, new DatabaseProbe(database), drain, config),
    status: new StatusService(log, loads, new CountDeadLetters(database)),
  };
}
