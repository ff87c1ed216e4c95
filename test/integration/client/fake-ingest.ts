import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the fake does with one request. */
export type Conduct =
  /** Stores what is new and answers as ingest does. */
  | { readonly kind: 'store' }
  /** Stores all of it, then cuts the connection: the answer is lost. */
  | { readonly kind: 'store-and-cut' }
  /** Stores the first items, then answers that it stopped. */
  | { readonly kind: 'store-part'; readonly items: number }
  /** Stores the first items, then cuts the connection, as a server that appends what comes in. */
  | { readonly kind: 'store-part-and-cut'; readonly items: number }
  /** Cuts the connection without having stored anything. */
  | { readonly kind: 'cut' }
  /** Answers whatever it is told, and stores nothing. */
  | {
      readonly kind: 'say';
      readonly status: number;
      readonly headers?: Readonly<Record<string, string>>;
      readonly body?: unknown;
    };

export interface SeenRequest {
  /** Counted from 1. */
  readonly number: number;
  readonly items: readonly FakeEvent[];
  readonly body: string;
  readonly bytes: number;
  readonly contentType: string | undefined;
  readonly authorization: string | undefined;
  readonly at: number;
}

export interface FakeEvent {
  readonly id: string;
  readonly userId: string;
  readonly value: number;
}

interface Answer extends Record<string, unknown> {
  readonly status: number;
}

type Behave = (request: SeenRequest) => Conduct | Promise<Conduct>;

/** An ingest over real HTTP that remembers ids, and misbehaves as it is told. */
export class FakeIngest {
  readonly requests: SeenRequest[] = [];
  readonly stored = new Map<string, string>();
  inFlightMax = 0;
  private inFlight = 0;
  private readonly sockets = new Set<unknown>();
  private readonly server: Server;

  private constructor(public behave: Behave) {
    this.server = createServer((request, response) => {
      this.serve(request, response).catch((error: unknown) => {
        // Final, so that a client that sends something else fails at once.
        const body = JSON.stringify({ code: 'FAKE_INGEST', detail: String(error) });
        response.writeHead(415).end(body);
      });
    });
    this.server.on('connection', (socket) => this.sockets.add(socket));
  }

  static async start(behave: Behave = () => ({ kind: 'store' }), port = 0): Promise<FakeIngest> {
    const fake = new FakeIngest(behave);
    await new Promise<void>((resolve) => fake.server.listen(port, '127.0.0.1', resolve));
    return fake;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  get connections(): number {
    return this.sockets.size;
  }

  /** What balances would say: the sum over all stored events. */
  get sum(): number {
    return [...this.stored.values()].reduce(
      (sum, text) => sum + (JSON.parse(text) as FakeEvent).value,
      0,
    );
  }

  async close(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    this.inFlight += 1;
    this.inFlightMax = Math.max(this.inFlightMax, this.inFlight);
    response.once('close', () => (this.inFlight -= 1));
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const seen: SeenRequest = {
      number: this.requests.length + 1,
      items: itemsOf(body.toString('utf8')),
      body: body.toString('utf8'),
      bytes: body.length,
      contentType: request.headers['content-type'],
      authorization: request.headers.authorization,
      at: Date.now(),
    };
    this.requests.push(seen);
    this.conduct(await this.behave(seen), seen, response);
  }

  private conduct(conduct: Conduct, { items }: SeenRequest, response: ServerResponse): void {
    switch (conduct.kind) {
      case 'store':
        answer(response, this.store(items));
        return;
      case 'store-and-cut':
        this.store(items);
        response.destroy();
        return;
      case 'store-part': {
        const part = this.store(items.slice(0, conduct.items));
        const stopped = { code: 'DISK_FULL', retryAfter: 0 };
        answer(response, { ...part, status: 207, read: conduct.items, stopped });
        return;
      }
      case 'store-part-and-cut':
        this.store(items.slice(0, conduct.items));
        response.destroy();
        return;
      case 'cut':
        response.destroy();
        return;
      case 'say':
        response.writeHead(conduct.status, conduct.headers);
        response.end(JSON.stringify(conduct.body ?? {}));
        return;
      default:
        conduct satisfies never;
    }
  }

  private store(items: readonly FakeEvent[]): Answer {
    let accepted = 0;
    let duplicates = 0;
    const rejected: unknown[] = [];
    items.forEach((item, index) => {
      const text = JSON.stringify(item);
      const before = this.stored.get(item.id);
      if (before === undefined) accepted += 1;
      else if (before === text) duplicates += 1;
      else rejected.push({ index, code: 'ID_REUSED', message: `the id ${item.id} is taken` });
      if (before === undefined) this.stored.set(item.id, text);
    });
    const status = rejected.length === 0 ? 202 : rejected.length === items.length ? 400 : 207;
    return { status, accepted, duplicates, rejected, rejectedTotal: rejected.length };
  }
}

/** @throws for what is no NDJSON with a line end behind each of its lines. */
function itemsOf(body: string): FakeEvent[] {
  const lines = body.split('\n');
  if (lines.pop() !== '') throw new Error('the last line has no end');
  return lines.map((line) => JSON.parse(line) as FakeEvent);
}

function answer(response: ServerResponse, { status, ...body }: Answer): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
