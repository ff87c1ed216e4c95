import { Module } from '@nestjs/common';
import { ProcessorModule } from '../processor/processor.module.js';
import { StagingLogModule } from '../staging-log/staging-log.module.js';
import { RetentionService } from './retention.service.js';

/** Archives or deletes the oldest segments of the log, once they are loaded for long enough. */
@Module({
  imports: [StagingLogModule, ProcessorModule],
  providers: [RetentionService],
})
export class RetentionModule {}
