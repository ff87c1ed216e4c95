import type { IncomingMessage } from 'node:http';
import { defaultTextMapGetter, ROOT_CONTEXT, SpanKind, type Tracer } from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import {
  ATTR_HTTP_REQUEST_METHOD,
  ATTR_HTTP_RESPONSE_STATUS_CODE,
  ATTR_HTTP_ROUTE,
  ATTR_URL_PATH,
  ATTR_URL_SCHEME,
} from '@opentelemetry/semantic-conventions';
import { requestIdOf, startOf } from '../../http/request-id.js';
import {
  requestBegins,
  requestEnds,
  type AnsweredRequest,
  type BegunRequest,
} from '../trace-channels.js';
import type { Subscriptions } from './subscriptions.js';
import { TimedSpan } from './timed-span.js';

const ROUTE = '/events';
const SERVER_ERROR = 500;

/** The span of each request to `POST /events` that was let in, from its first moment to its answer. */
export class RequestSpans {
  private readonly spans = new WeakMap<IncomingMessage, TimedSpan>();
  private readonly propagator = new W3CTraceContextPropagator();

  constructor(
    private readonly tracer: Tracer,
    subscriptions: Subscriptions,
  ) {
    subscriptions.on(requestBegins, (begun) => {
      this.begin(begun);
    });
    subscriptions.on(requestEnds, (answered) => {
      this.end(answered);
    });
  }

  /** Undefined for a request that is not recorded. */
  find(request: IncomingMessage): TimedSpan | undefined {
    return this.spans.get(request);
  }

  private begin({ request }: BegunRequest): void {
    const start = {
      name: `POST ${ROUTE}`,
      kind: SpanKind.SERVER,
      startedAt: startOf(request),
      attributes: {
        [ATTR_HTTP_REQUEST_METHOD]: 'POST',
        [ATTR_HTTP_ROUTE]: ROUTE,
        [ATTR_URL_PATH]: ROUTE,
        [ATTR_URL_SCHEME]: 'http',
        'revenue_etl.request.id': requestIdOf(request),
      },
    };
    const { headers } = request;
    const parent = this.propagator.extract(ROOT_CONTEXT, headers, defaultTextMapGetter);
    const span = TimedSpan.begin(this.tracer, start, parent);
    if (span !== null) this.spans.set(request, span);
  }

  private end({ request, status, code, counts }: AnsweredRequest): void {
    const timed = this.spans.get(request);
    if (timed === undefined) return;
    timed.span.setAttributes({
      [ATTR_HTTP_RESPONSE_STATUS_CODE]: status,
      'revenue_etl.problem.code': code,
      'revenue_etl.events.accepted': counts?.accepted,
      'revenue_etl.events.duplicates': counts?.duplicates,
      'revenue_etl.events.rejected': counts?.rejected,
    });
    if (status >= SERVER_ERROR) timed.fail(code ?? String(status));
    timed.end();
  }
}
