import { Catch, type ArgumentsHost, type ExceptionFilter } from '@nestjs/common';
import type { Request, Response } from 'express';
import { EventsRoute } from './events.route.js';

/** What the guards refuse of `POST /events` on its way through Express is answered as on the direct one. */
@Catch()
export class EventsFilter implements ExceptionFilter {
  constructor(private readonly route: EventsRoute) {}

  catch(error: unknown, host: ArgumentsHost): void {
    const http = host.switchToHttp();
    this.route.refuse(http.getRequest<Request>(), http.getResponse<Response>(), error);
  }
}
