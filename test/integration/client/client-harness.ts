import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Logger } from '@nestjs/common';
import { GenerateEventsService } from '../../../src/client/generate-events.service.js';
import { RunStateStore } from '../../../src/client/run-state.store.js';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { Drain } from '../../../src/shared/drain.js';
import { InternalKey } from '../../../src/shared/http/internal-key.js';
import { Problem } from '../../../src/shared/http/problem.js';
import { eventually } from '../../support/eventually.js';
import { listenersOf } from '../../support/listeners-of.js';
import type { FakeIngest } from './fake-ingest.js';

/** A directory with an events file and client state, and services over it as after restarts. */
export class ClientHarness {
  private constructor(readonly directory: string) {
    Logger.overrideLogger(false);
  }

  static async create(): Promise<ClientHarness> {
    return new ClientHarness(await mkdtemp(join(tmpdir(), 'revenue-etl-client-')));
  }

  get eventsFile(): string {
    return join(this.directory, 'events.jsonl');
  }

  async writeEvents(content: string | Buffer): Promise<void> {
    await writeFile(this.eventsFile, content);
  }

  config(ingest: FakeIngest | string, overrides: Partial<AppConfig> = {}): AppConfig {
    return Object.assign(new AppConfig(), {
      dataDir: join(this.directory, 'data'),
      eventsFile: this.eventsFile,
      ingestUrl: typeof ingest === 'string' ? ingest : ingest.url,
      ingestApiKey: '',
      clientRequestItemsMax: 10,
      clientConcurrencyMax: 2,
      clientAttemptsMax: 3,
      dedupeWindowSeconds: 86_400,
      dedupeIdsMax: 5_000_000,
      drainTimeoutMs: 5_000,
      ...overrides,
    });
  }

  /** A service as a new process would have it, with an own listener that is not open. */
  service(
    ingest: FakeIngest | string,
    overrides: Partial<AppConfig> = {},
    drain = new Drain(),
  ): GenerateEventsService {
    const config = this.config(ingest, overrides);
    return new GenerateEventsService(config, listenersOf(config), new InternalKey(), drain);
  }

  /** The one state file: its path and what it says. */
  async state(): Promise<{ path: string; json: Record<string, unknown> }> {
    const directory = join(this.directory, 'data', 'client');
    const [name] = (await readdir(directory)).filter((file) => file.endsWith('.run.json'));
    const path = join(directory, name!);
    return { path, json: JSON.parse(await readFile(path, 'utf8')) as Record<string, unknown> };
  }

  /**
   * From now on the state cannot be replaced: a directory lies where its new text is written. A save that is under way is
   * waited for: its file lies there.
   */
  async blockStateFile(): Promise<void> {
    const { temporaryStatePath: path } = this;
    await eventually(() => mkdir(path, { recursive: true }).then(() => true));
  }

  async unblockStateFile(): Promise<void> {
    await rm(this.temporaryStatePath, { recursive: true });
  }

  private get temporaryStatePath(): string {
    const { path } = new RunStateStore(join(this.directory, 'data'), this.eventsFile);
    return `${path}.tmp`;
  }

  async remove(): Promise<void> {
    await rm(this.directory, { recursive: true, force: true });
  }
}

export const eventLine = (value: number, userId = 'u'): string =>
  JSON.stringify({ userId, name: 'add_revenue', value });

/** Lines with the values 1 to `count`. */
export const eventLines = (count: number): string =>
  Array.from({ length: count }, (_, index) => `${eventLine(index + 1)}\n`).join('');

export const sumTo = (count: number): number => (count * (count + 1)) / 2;

/** The problem that a promise rejects with. */
export async function problemOf(
  promise: Promise<unknown>,
): Promise<{ status: number; code: string; detail: string; body: unknown }> {
  const error: unknown = await promise.then(
    () => new Error('it resolved where a problem was expected'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw error;
  return {
    status: error.getStatus(),
    code: error.code,
    detail: error.message,
    body: error.getResponse(),
  };
}
