import { Controller, Get, Header, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { NeedsScope } from '../../shared/http/needs-scope.js';
import { Describe } from '../../shared/http/openapi/describe-route.js';
import { LIVE_STATUS_DOCS } from './dashboard.docs.js';
import { LiveStatusService } from './live-status.service.js';
import { LiveStreams } from './live-streams.js';

@Controller('status/live')
export class LiveController {
  constructor(
    private readonly live: LiveStatusService,
    private readonly streams: LiveStreams,
  ) {}

  /** JSON, once; or, asked with `Accept: text/event-stream`, each second for as long as the caller reads. */
  @Get()
  @Describe(LIVE_STATUS_DOCS)
  @NeedsScope('read')
  @Header('Cache-Control', 'no-store')
  @Header('Vary', 'Accept')
  async follow(@Req() request: Request, @Res() response: Response): Promise<void> {
    const wanted = request.accepts(['json', 'text/event-stream']);
    // Express asks for HEAD here, too, which wants no more than the headers.
    if (wanted === 'text/event-stream' && request.method === 'GET') this.streams.open(response);
    else response.json(await this.live.now());
  }
}
