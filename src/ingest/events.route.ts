import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { Access } from '../shared/http/access.js';
import { DirectRoutes, type DirectRoute } from '../shared/http/direct-routes.js';
import { endRefused } from '../shared/http/end-refused.js';
import { requestIdOf } from '../shared/http/request-id.js';
import { RequestLog } from '../shared/http/request-log.js';
import { toProblem } from '../shared/http/to-problem.js';
import { writeProblem } from '../shared/http/write-problem.js';
import { requestBegins, requestEnds } from '../shared/tracing/trace-channels.js';
import { withNothingStored, type EventsAnswer } from './answer.js';
import { EventTally } from './event-tally.js';
import { EventsHandler } from './events.handler.js';

/**
 * `POST /events` on the bare request, in front of Express. Through Nest and Express the same handler answers
 * a quarter to a third as many single events: `npm run bench -- ingest` measures both in one run.
 */
@Injectable()
export class EventsRoute implements DirectRoute, OnModuleInit {
  readonly method = 'POST';
  readonly path = '/events';

  constructor(
    private readonly events: EventsHandler,
    private readonly access: Access,
    private readonly routes: DirectRoutes,
    private readonly requests: RequestLog,
    private readonly tally: EventTally,
  ) {}

  onModuleInit(): void {
    this.routes.add(this);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    try {
      this.access.admit(request, 'ingest');
    } catch (error) {
      this.refuse(request, response, error);
      return;
    }
    void this.answerAdmitted(request, response);
  }

  /** For a request that was let in already. Never rejects. */
  async answerAdmitted(request: IncomingMessage, response: ServerResponse): Promise<void> {
    if (requestBegins.hasSubscribers) requestBegins.publish({ request });
    try {
      const answer = await this.events.take(request);
      const { status, body, counts } = answer;
      this.tally.answers[status] += 1;
      if (request.complete) accept(request, response, answer);
      else endRefused(response, { status, headers: HEADERS }, body);
      this.requests.note(request, status);
      if (requestEnds.hasSubscribers) requestEnds.publish({ request, status, counts });
    } catch (error) {
      this.refuse(request, response, error);
    }
  }

  /** Answers with whatever was thrown before anything of the request was stored. */
  refuse(request: IncomingMessage, response: ServerResponse, error: unknown): void {
    const thrown = toProblem(error);
    const problem = withNothingStored(thrown);
    const status = problem.getStatus();
    writeProblem(response, problem);
    const { code } = problem;
    this.requests.note(request, status, code);
    if (requestEnds.hasSubscribers) requestEnds.publish({ request, status, code });
    this.tally.answers[status < 500 ? '4xx' : '5xx'] += 1;
    if (problem !== thrown) this.tally.refuse(problem.code); // else its items were counted
  }
}

const HEADERS = {
  'Content-Type': 'application/json; charset=utf-8',
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
};

/** As a list, which Node writes as it is. */
function accept(
  request: IncomingMessage,
  response: ServerResponse,
  { status, body }: EventsAnswer,
): void {
  response.writeHead(status, [
    'Content-Type',
    HEADERS['Content-Type'],
    'Content-Length',
    String(Buffer.byteLength(body)),
    'X-Request-Id',
    requestIdOf(request),
    'Cache-Control',
    HEADERS['Cache-Control'],
    'X-Content-Type-Options',
    HEADERS['X-Content-Type-Options'],
  ]);
  response.end(body);
}
