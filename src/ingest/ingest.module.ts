import { Module } from '@nestjs/common';
import { StagingLogModule } from '../staging-log/staging-log.module.js';
import { EventTally } from './event-tally.js';
import { EventsHandler } from './events.handler.js';
import { EventsRoute } from './events.route.js';
import { IngestController } from './ingest.controller.js';
import { EventCounts } from './ingest.port.js';

/** Takes events in, and acknowledges them once they are durable. */
@Module({
  imports: [StagingLogModule],
  controllers: [IngestController],
  providers: [
    EventsHandler,
    EventsRoute,
    EventTally,
    { provide: EventCounts, useExisting: EventTally },
  ],
  exports: [EventCounts],
})
export class IngestModule {}
