import { Module } from '@nestjs/common';
import { StagingLogModule } from '../staging-log/staging-log.module.js';
import { IngestController } from './ingest.controller.js';
import { IngestService } from './ingest.service.js';

/** Takes events in, and acknowledges them once they are durable. */
@Module({
  imports: [StagingLogModule],
  controllers: [IngestController],
  providers: [IngestService],
})
export class IngestModule {}
