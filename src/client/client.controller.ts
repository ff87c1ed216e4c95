import { Controller, Get, Header } from '@nestjs/common';
import { NeedsScope } from '../shared/http/needs-scope.js';
import { GenerateEvents, type RunProgress, type RunSummary } from './client.port.js';

/** The client's routes. Starting a run is a GET because its users know it so. */
@Controller('generateEvents')
export class ClientController {
  constructor(private readonly events: GenerateEvents) {}

  /** Answers when the run has ended, however long that takes. */
  @Get()
  @NeedsScope('admin')
  @Header('Cache-Control', 'no-store')
  generateEvents(): Promise<RunSummary> {
    return this.events.run();
  }

  @Get('progress')
  @NeedsScope('read')
  @Header('Cache-Control', 'no-store')
  progress(): RunProgress {
    return this.events.progress();
  }
}
