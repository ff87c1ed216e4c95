import { Module } from '@nestjs/common';
import { DeadLettersModule } from '../dead-letters/dead-letters.module.js';
import { ProcessorModule } from '../processor/processor.module.js';
import { StagingLogModule } from '../staging-log/staging-log.module.js';
import { HealthController } from './health.controller.js';
import { HealthService } from './health.service.js';
import { StatusController } from './status.controller.js';
import { StatusService } from './status.service.js';

/** What operators ask: a leaf that reads the other contexts' ports. */
@Module({
  imports: [StagingLogModule, ProcessorModule, DeadLettersModule],
  controllers: [StatusController, HealthController],
  providers: [StatusService, HealthService],
})
export class MonitoringModule {}
