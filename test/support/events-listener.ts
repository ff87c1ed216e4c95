import { createServer, request, type ClientRequest, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { EventTally } from '../../src/ingest/event-tally.js';
import { EventsHandler } from '../../src/ingest/events.handler.js';
import { AppConfig } from '../../src/shared/config/app-config.js';
import { Drain } from '../../src/shared/drain.js';
import { BodyBytes } from '../../src/shared/http/body-bytes.js';
import { BodyWatch } from '../../src/shared/http/body-watch.js';
import { InternalKey } from '../../src/shared/http/internal-key.js';
import type { Problem } from '../../src/shared/http/problem.js';
import { RateLimit } from '../../src/shared/http/rate-limit.js';
import type { RecordLines } from '../../src/staging-log/record-lines.port.js';
import type {
  AppendResult,
  NewRecord,
  StagingLog,
} from '../../src/staging-log/staging-log.port.js';

export const REFUSED = {
  kind: 'refused',
  code: 'DISK_FULL',
  message: 'why',
  retryAfterSeconds: 7,
} as const;

/** A log that holds every append until it is told how it ends. */
export class HeldLog {
  readonly held: { readonly count: number; end: (result?: AppendResult) => void }[] = [];
  refusing = false;
  /** Appends reject, as for want of memory. */
  failing = false;

  append(records: readonly NewRecord[]): Promise<AppendResult> {
    return this.hold(records.length);
  }

  appendLines(lines: RecordLines): Promise<AppendResult> {
    return this.hold(lines.count);
  }

  health(): { readonly kind: string } {
    return { kind: this.refusing ? 'refusing' : 'accepting' };
  }

  /** Resolves when so many appends have been asked for. */
  async asked(count: number): Promise<void> {
    while (this.held.length < count) await new Promise((resolve) => setImmediate(resolve));
  }

  private hold(count: number): Promise<AppendResult> {
    if (this.failing) return Promise.reject(new Error('no memory'));
    if (this.refusing) return Promise.resolve(REFUSED);
    return new Promise((resolve) => {
      const durable: AppendResult = {
        kind: 'durable',
        outcomes: new Array<'appended'>(count).fill('appended'),
      };
      this.held.push({
        count,
        end: (result = durable) => {
          resolve(result);
        },
      });
    });
  }
}

interface Answered {
  readonly status: number;
  readonly json: Record<string, unknown>;
}

let server: Server | undefined;
let watch: BodyWatch | undefined;

/** To be called behind each test. */
export async function closeListener(): Promise<void> {
  watch?.onModuleDestroy();
  server?.closeAllConnections();
  await new Promise((resolve) => server?.close(resolve));
}

/** The handler of `POST /events` behind a real listener, over a log that is held. */
export async function listenToEvents(settings: Partial<AppConfig> = {}) {
  const config = Object.assign(new AppConfig(), {
    ...{ jsonBodyBytesMax: 100_000, arrayItemsMax: 1_000, lineBytesMax: 1_024 },
    ...{ rejectedItemsMax: 3, bodyRatioMax: 200, bodyIdleSecondsMax: 30, apiKeys: [] },
    ...{
      drainTimeoutMs: 200,
      bodyBytesPerSecondMin: 16,
      bodiesBytesMax: 200_000,
      keyEventsPerSecondMax: 0,
    },
    ...settings,
  });
  const log = new HeldLog();
  const internal = new InternalKey();
  const drain = new Drain();
  const tally = new EventTally();
  const bodyBytes = new BodyBytes(config);
  watch = new BodyWatch(config);
  const handler = new EventsHandler(
    ...([config, log as unknown as StagingLog, watch, bodyBytes, internal] as const),
    new RateLimit(config, internal),
    drain,
    tally,
  );
  server = createServer((incoming, response) => {
    handler.take(incoming).then(
      ({ status, body }) => response.writeHead(status).end(body),
      (error: unknown) => {
        const problem = error as Problem;
        response.writeHead(problem.getStatus()).end(JSON.stringify(problem.getResponse()));
      },
    );
  });
  await new Promise<void>((resolve) => server?.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  /** A request whose body is to be written, and its answer. */
  const open = (contentType: string): { sent: ClientRequest; answer: Promise<Answered> } => {
    const headers = { 'Content-Type': contentType };
    const sent = request({ host: '127.0.0.1', port, method: 'POST', headers });
    const answer = new Promise<Answered>((resolve, reject) => {
      sent.once('error', reject).once('response', (response) => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.once('end', () => {
          resolve({ status: response.statusCode ?? 0, json: JSON.parse(text) as Answered['json'] });
        });
      });
    });
    return { sent, answer };
  };
  const post = (body: string, contentType = 'application/json'): Promise<Answered> => {
    const { sent, answer } = open(contentType);
    sent.end(body);
    return answer;
  };
  return { log, open, post, drain, tally };
}
