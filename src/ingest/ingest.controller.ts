import { Controller, Post, Req, Res, UseFilters } from '@nestjs/common';
import type { Request, Response } from 'express';
import { NeedsScope } from '../shared/http/needs-scope.js';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { EventsFilter } from './events.filter.js';
import { EventsRoute } from './events.route.js';
import { EVENTS_DOCS } from './ingest.docs.js';

/** `POST /events` for the spellings that go through Express, and for the document of the routes. */
@Controller('events')
@UseFilters(EventsFilter)
export class IngestController {
  constructor(private readonly route: EventsRoute) {}

  @Post()
  @Describe(EVENTS_DOCS)
  @NeedsScope('ingest')
  receive(@Req() request: Request, @Res() response: Response): Promise<void> {
    return this.route.answerAdmitted(request, response);
  }
}
