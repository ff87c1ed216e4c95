import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll } from '@jest/globals';

/** A span as OTLP has it, with its attributes by name. */
export interface CollectedSpan {
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first of a trace. */
  readonly parentSpanId: string;
  readonly name: string;
  readonly kind: number;
  readonly startedAt: bigint;
  readonly endedAt: bigint;
  readonly attributes: Readonly<Record<string, unknown>>;
  readonly links: readonly { readonly traceId: string; readonly spanId: string }[];
  /** 2: an error. */
  readonly status: number;
  readonly service: unknown;
}

interface OtlpAttribute {
  readonly key: string;
  readonly value: Readonly<Record<string, unknown>>;
}

interface OtlpSpan {
  readonly traceId: string;
  readonly spanId: string;
  readonly parentSpanId?: string;
  readonly name: string;
  readonly kind: number;
  readonly startTimeUnixNano: string;
  readonly endTimeUnixNano: string;
  readonly attributes: readonly OtlpAttribute[];
  readonly links?: readonly { readonly traceId: string; readonly spanId: string }[];
  readonly status: { readonly code: number };
}

interface OtlpTraces {
  readonly resourceSpans: readonly {
    readonly resource: { readonly attributes: readonly OtlpAttribute[] };
    readonly scopeSpans: readonly { readonly spans: readonly OtlpSpan[] }[];
  }[];
}

const SERVICE_NAME = 'service.name';
const collectors = new Set<OtlpCollector>();

afterAll(async () => {
  for (const collector of collectors) await collector.close();
});

/** A collector that keeps what it is sent by OTLP over HTTP, as JSON. */
export class OtlpCollector {
  readonly spans: CollectedSpan[] = [];
  /** Of each request: its path, its headers, and its body as it came. */
  readonly requests: { path: string; headers: IncomingHttpHeaders; body: string }[] = [];
  /** Takes requests, and does not answer. */
  hanging = false;
  private server: Server | null = null;
  private port = 0;

  static async open(): Promise<OtlpCollector> {
    const collector = new OtlpCollector();
    await collector.open();
    collectors.add(collector);
    return collector;
  }

  get url(): string {
    return `http://127.0.0.1:${this.port}`;
  }

  /** Again on its port, after it was closed. */
  async open(): Promise<void> {
    const server = createServer((request, response) => {
      void text(request).then((body) => {
        this.requests.push({ path: request.url ?? '', headers: request.headers, body });
        if (this.hanging) return;
        this.spans.push(...readSpans(JSON.parse(body) as OtlpTraces));
        response.setHeader('Content-Type', 'application/json').end('{}');
      });
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(this.port, '127.0.0.1', resolve);
    });
    this.server = server;
    this.port = (server.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    const { server } = this;
    this.server = null;
    if (server === null) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  /** Those of a trace by name, in the order in which they began. */
  ofTrace(traceId: string, name: string): CollectedSpan[] {
    const found = this.spans.filter((span) => span.traceId === traceId && span.name === name);
    return found.sort((a, b) => Number(a.startedAt - b.startedAt));
  }
}

function readSpans({ resourceSpans }: OtlpTraces): CollectedSpan[] {
  return resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const service = byName(resource.attributes)[SERVICE_NAME];
    return scopeSpans.flatMap(({ spans }) => spans.map((span) => readSpan(span, service)));
  });
}

function readSpan(span: OtlpSpan, service: unknown): CollectedSpan {
  const { traceId, spanId, parentSpanId = '', name, kind, links = [] } = span;
  return {
    ...{ traceId, spanId, parentSpanId, name, kind, service },
    startedAt: BigInt(span.startTimeUnixNano),
    endedAt: BigInt(span.endTimeUnixNano),
    attributes: byName(span.attributes),
    links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
    status: span.status.code,
  };
}

function byName(attributes: readonly OtlpAttribute[]): Record<string, unknown> {
  return Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
}
