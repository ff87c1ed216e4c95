import { Module } from '@nestjs/common';
import { TypeOrmModule } from '@nestjs/typeorm';
import { StagingLogModule } from '../staging-log/staging-log.module.js';
import { LoadCheckpoint } from './load-checkpoint.entity.js';
import { LoadCron } from './load.cron.js';
import { LoadsController } from './loads.controller.js';
import { LoadService } from './load.service.js';
import { PastLoad } from './past-load.entity.js';
import { LoadStatus } from './processor.port.js';

/** The incremental load from the staging log into the balances. */
@Module({
  imports: [StagingLogModule, TypeOrmModule.forFeature([LoadCheckpoint, PastLoad])],
  controllers: [LoadsController],
  providers: [LoadService, LoadCron, { provide: LoadStatus, useExisting: LoadService }],
  exports: [LoadStatus],
})
export class ProcessorModule {}
