import { Module } from '@nestjs/common';
import { DeadLettersModule } from '../dead-letters/dead-letters.module.js';
import { IngestModule } from '../ingest/ingest.module.js';
import { ProcessorModule } from '../processor/processor.module.js';
import { StagingLogModule } from '../staging-log/staging-log.module.js';
import { DatabaseProbe } from './database-probe.js';
import { DashboardController } from './dashboard/dashboard.controller.js';
import { LiveController } from './dashboard/live.controller.js';
import { LiveStatusService } from './dashboard/live-status.service.js';
import { LiveStreams } from './dashboard/live-streams.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { MetricsController } from './metrics/metrics.controller.js';
import { MetricsService } from './metrics/metrics.service.js';
import { Snapshots } from './metrics/snapshots.js';
import { StatusController } from './status.controller.js';
import { StatusService } from './status.service.js';

/** What operators ask: a leaf that reads the other contexts' ports. */
@Module({
  imports: [StagingLogModule, IngestModule, ProcessorModule, DeadLettersModule],
  controllers: [
    StatusController,
    HealthController,
    MetricsController,
    LiveController,
    DashboardController,
  ],
  providers: [
    StatusService,
    DatabaseProbe,
    HealthService,
    MetricsService,
    Snapshots,
    LiveStatusService,
    LiveStreams,
  ],
})
export class MonitoringModule {}
