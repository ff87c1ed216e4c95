import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { Logger } from '@nestjs/common';
import { CorrectionSender } from '../../../src/dead-letters/correction.sender.js';
import { storeDeadLetters } from '../../../src/dead-letters/dead-letters.port.js';
import { FinishClaimsService } from '../../../src/dead-letters/finish-claims.service.js';
import { ResubmitService } from '../../../src/dead-letters/resubmit.service.js';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { Database } from '../../../src/shared/database/database.js';
import { Drain } from '../../../src/shared/drain.js';
import { InternalKey } from '../../../src/shared/http/internal-key.js';
import { listenersOf } from '../../support/listeners-of.js';
import { LoadHarness } from '../processor/load-harness.js';

export const DEAD_LOG = '11111111-1111-4111-8111-111111111111';

/** What the ingest of a process says: `cut` ends the connection, `hold` never answers. */
export type Conduct =
  'cut' | 'hold' | { readonly status: number; readonly body: Record<string, unknown> | string };

export const STORED: Conduct = {
  status: 202,
  body: { accepted: 1, duplicates: 0, rejected: [] },
};

export interface SeenRequest {
  readonly url: string | undefined;
  readonly authorization: string | undefined;
  readonly event: Record<string, unknown>;
}

/** A process as far as corrected events concern it: a log, a listener, and the services. */
export interface Process {
  readonly identity: string;
  readonly secret: string;
  readonly drain: Drain;
  readonly resubmit: ResubmitService;
  readonly finish: FinishClaimsService;
  readonly requests: SeenRequest[];
  /** What its ingest says to the next requests. Stores, until it is told otherwise. */
  conduct: (event: Record<string, unknown>) => Conduct | Promise<Conduct>;
}

export class ResubmitBench {
  private readonly undo: (() => Promise<unknown>)[] = [];

  private constructor(readonly harness: LoadHarness) {
    Logger.overrideLogger(false);
  }

  static async create(): Promise<ResubmitBench> {
    return new ResubmitBench(await LoadHarness.create());
  }

  /** Empty tables; all processes end. */
  async reset(): Promise<void> {
    for (const step of this.undo.splice(0)) await step();
    await this.harness.reset();
  }

  async remove(): Promise<void> {
    await this.reset();
    await this.harness.remove();
  }

  async process(name = 'data', isListening = true): Promise<Process> {
    const ports = { serverPort: 0, clientPort: 0, headersSecondsMax: 10 };
    const settings = { host: '127.0.0.1', ...ports, migrationsRun: false };
    const config = Object.assign(new AppConfig(), settings);
    const [drain, internal] = [new Drain(), new InternalKey()];
    const listeners = listenersOf(config);
    const database = new Database(this.harness.dataSource, config, drain);
    await database.start(10_000);
    const log = await this.harness.openLog(name);
    const sender = new CorrectionSender(listeners, internal, drain);
    const process: Process = {
      identity: log.identity,
      secret: internal.corrections.secret,
      drain,
      resubmit: new ResubmitService(database, log, sender),
      finish: new FinishClaimsService(database, log, sender, drain),
      requests: [],
      conduct: () => STORED,
    };
    if (isListening) await listeners.open(ingestOf(process));
    this.undo.push(() => listeners.close(10));
    return process;
  }

  /** @returns its id. */
  async storeLetter(offset = 7, code = 'INVALID_JSON', bytes = Buffer.from('x')): Promise<string> {
    const letter = { offset, length: bytes.length, bytes, code, message: 'why' };
    await storeDeadLetters(this.harness.dataSource.manager, DEAD_LOG, [letter]);
    const [row] = await this.query('select id from dead_letters where "offset" = $1', [offset]);
    return String(row?.['id']);
  }

  /** Makes all claims so much older. */
  async age(seconds: number): Promise<void> {
    await this.query(
      `update resubmissions set claimed_at = claimed_at - $1 * interval '1 second'`,
      [seconds],
    );
  }

  claims(): Promise<Record<string, unknown>[]> {
    return this.query(
      'select "offset"::int, event, claimed_by, loaded_log_id from resubmissions order by "offset"',
    );
  }

  async states(): Promise<string[]> {
    const letters = await this.harness.deadLetters();
    return letters.map(({ offset, state }) => `${offset} ${state}`);
  }

  query(sql: string, parameters: unknown[] = []): Promise<Record<string, unknown>[]> {
    return this.harness.dataSource.query(sql, parameters);
  }
}

const ingestOf =
  (process: Process): RequestListener =>
  (request, response) => {
    void serve(process, request, response);
  };

async function serve(
  process: Process,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const event = JSON.parse(await text(request)) as Record<string, unknown>;
  const { authorization } = request.headers;
  process.requests.push({ url: request.url, authorization, event });
  const conduct = await process.conduct(event);
  if (conduct === 'hold') return;
  if (conduct === 'cut') {
    response.destroy();
    return;
  }
  const { status, body } = conduct;
  response.writeHead(status, { 'Content-Type': 'application/json' });
  response.end(typeof body === 'string' ? body : JSON.stringify(body));
}
