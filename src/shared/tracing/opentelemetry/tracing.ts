import { Logger } from '@nestjs/common';
import { parseKeyPairsIntoRecord } from '@opentelemetry/core';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { defaultResource, resourceFromAttributes } from '@opentelemetry/resources';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { ATTR_SERVICE_NAME } from '@opentelemetry/semantic-conventions';
import { withTimeout } from '../../with-timeout.js';
import { AppendSpans } from './append-spans.js';
import { chooseTraces } from './choose-traces.js';
import { LoadSpans } from './load-spans.js';
import { RecentAppends } from './recent-appends.js';
import { RequestSpans } from './request-spans.js';
import { SpanOutlet } from './span-outlet.js';
import { Subscriptions } from './subscriptions.js';

const EXPORT_TIMEOUT_MS = 5_000;
/** For the spans that wait when the process stops. */
const LAST_EXPORT_MS = 2_000;

export interface TracingOptions {
  /** Of the collector, without `/v1/traces`. */
  readonly otlpEndpoint: string;
  /** For each request to it: `name=value`, comma-separated, percent-encoded. */
  readonly otlpHeaders: string;
  readonly serviceName: string;
  /** Of requests without a word of their sender, from 0 to 1. */
  readonly tracesRatio: number;
}

/**
 * Traces of requests, appends and loads, sent to a collector by OTLP over HTTP, as JSON. To be imported only
 * where they are wanted: it loads OpenTelemetry, which nothing else does.
 */
export class Tracing {
  private readonly subscriptions = new Subscriptions();

  private constructor(private readonly provider: TracerProvider) {
    const tracer = provider.getTracer('revenue-etl');
    const recent = new RecentAppends();
    const requests = new RequestSpans(tracer, this.subscriptions);
    new AppendSpans(requests, recent, this.subscriptions);
    new LoadSpans(tracer, recent, this.subscriptions);
  }

  /** Begins to listen. Connects to nothing before the first span ends. */
  static start(options: TracingOptions): Tracing {
    const exporter = new OTLPTraceExporter({
      url: urlOfTraces(options.otlpEndpoint),
      headers: parseKeyPairsIntoRecord(options.otlpHeaders),
      timeoutMillis: EXPORT_TIMEOUT_MS,
    });
    const logger = new Logger('Tracing');
    const outlet = new SpanOutlet(exporter, (level, message) => {
      if (level === 'warn') logger.warn(message);
      else logger.log(message);
    });
    const resource = resourceFromAttributes({ [ATTR_SERVICE_NAME]: options.serviceName });
    return new Tracing(
      new TracerProvider({
        sampler: chooseTraces(options.tracesRatio),
        resource: defaultResource().merge(resource),
        spanProcessors: [outlet],
      }),
    );
  }

  /** Listens no more, and sends what waits, as far as the collector takes it within two seconds. Never rejects. */
  async stop(): Promise<void> {
    this.subscriptions.close();
    const sent = this.provider.shutdown().catch(() => undefined); // the outlet has told why
    await withTimeout(sent, LAST_EXPORT_MS, undefined);
  }
}

/** As the specification has it for the endpoint of all signals. */
function urlOfTraces(endpoint: string): string {
  const url = new URL(endpoint);
  url.pathname = `${url.pathname.replace(/\/$/, '')}/v1/traces`;
  return url.href;
}
