import { Module } from '@nestjs/common';
import { ClientController } from './client.controller.js';
import { GenerateEvents } from './client.port.js';
import { GenerateEventsService } from './generate-events.service.js';
import { ProgressStreams } from './progress-streams.js';

/** Reads the events file and sends it to ingest, over HTTP like any other sender. */
@Module({
  controllers: [ClientController],
  providers: [{ provide: GenerateEvents, useClass: GenerateEventsService }, ProgressStreams],
  exports: [GenerateEvents],
})
export class ClientModule {}
