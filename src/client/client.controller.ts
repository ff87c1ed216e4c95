import { All, Controller, Get, Header, HttpCode, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { NeedsScope } from '../shared/http/needs-scope.js';
import { NotInDocs } from '../shared/http/not-in-docs.js';
import { methodNotAllowed } from '../shared/http/refuse-unasked.js';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { GENERATE_EVENTS_DOCS, GENERATE_EVENTS_POST_DOCS, PROGRESS_DOCS } from './client.docs.js';
import { GenerateEvents, type RunSummary } from './client.port.js';
import { ProgressStreams } from './progress-streams.js';

/** The client's routes. Starting a run is a GET because its users know it so; POST does the same. */
@Controller('generateEvents')
export class ClientController {
  constructor(
    private readonly events: GenerateEvents,
    private readonly streams: ProgressStreams,
  ) {}

  /** Answers when the run has ended, however long that takes. */
  @Get()
  @Describe(GENERATE_EVENTS_DOCS)
  @NeedsScope('admin')
  @Header('Cache-Control', 'no-store')
  generateEvents(): Promise<RunSummary> {
    return this.events.run();
  }

  @Post()
  @Describe(GENERATE_EVENTS_POST_DOCS)
  @HttpCode(200)
  @NeedsScope('admin')
  @Header('Cache-Control', 'no-store')
  generateEventsByPost(): Promise<RunSummary> {
    return this.events.run();
  }

  @All()
  @NotInDocs()
  @NeedsScope('admin')
  refuse(@Req() request: Request): never {
    throw methodNotAllowed(request.method);
  }

  /** JSON, once; or, asked with `Accept: text/event-stream`, events for as long as the caller reads. */
  @Get('progress')
  @Describe(PROGRESS_DOCS)
  @NeedsScope('read')
  @Header('Cache-Control', 'no-store')
  @Header('Vary', 'Accept')
  progress(@Req() request: Request, @Res() response: Response): void {
    const wanted = request.accepts(['json', 'text/event-stream']);
    // Express asks for HEAD here, too, which wants no more than the headers.
    if (wanted === 'text/event-stream' && request.method === 'GET') this.streams.open(response);
    else response.json(this.events.progress());
  }
}
