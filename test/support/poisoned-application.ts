import { appendFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { eventually } from './eventually.js';
import { knownStatus } from './known-status.js';
import { RunningApplication, type ApplicationSettings } from './running-application.js';
import { postEvents, sendRequest, type Answer } from './send-request.js';
import { createTestDatabase, type TestDatabase } from './test-database.js';

/** By scope. */
const KEYS = { ingest: 'k-ingest', read: 'k-read', admin: 'k-admin' };
export const API_KEYS = `shop:${KEYS.ingest}:ingest,page:${KEYS.read}:read,ops:${KEYS.admin}:admin+read`;
export const CORRECTED = { userId: 'alice', name: 'add_revenue', value: 432 };
/** Lines that somebody wrote into the log, and that are no events. */
export const POISON = [
  '{"timestamp":1763800000000,"userId":"alice","name":"add_revenue","value":"432"}',
  'not an event',
  `{"timestamp":1763800000000,"userId":"${'x'.repeat(2 * 1024 * 1024)}"}`,
];

/** The application on a log that holds poison, and what tests ask it. */
export class PoisonedApplication {
  application!: RunningApplication;
  private settings: ApplicationSettings = {};

  private constructor(
    readonly database: TestDatabase,
    private readonly env: Readonly<Record<string, string>>,
  ) {}

  static async create(env: Readonly<Record<string, string>> = {}): Promise<PoisonedApplication> {
    const bench = new PoisonedApplication(await createTestDatabase(), env);
    await bench.start();
    const event = { ...CORRECTED, value: 100 };
    await postEvents(bench.url, event, bench.headers('ingest'));
    await bench.application.stop();
    const segment = join(bench.application.dataDir, 'staging', `${'0'.repeat(20)}.jsonl`);
    await appendFile(segment, POISON.map((line) => `${line}\n`).join(''));
    await bench.start();
    await eventually(async () => (await bench.list()).length === POISON.length);
    return bench;
  }

  get url(): string {
    return this.application.serverUrl;
  }

  /** Again on the same data directory, if there is one. */
  async start(more: Readonly<Record<string, string>> = {}): Promise<void> {
    this.application = await RunningApplication.start({
      databaseUrl: this.database.url,
      env: { ...this.env, ...more },
      ...this.settings,
    });
    this.settings = { dataDir: this.application.dataDir };
  }

  headers(scope: keyof typeof KEYS): Record<string, string> {
    return 'API_KEYS' in this.env ? { Authorization: `Bearer ${KEYS[scope]}` } : {};
  }

  get(path: string): Promise<Answer> {
    return sendRequest(this.url, path, { headers: this.headers('read') });
  }

  /** `GET /status`, once it knows all that the database knows. */
  status(): Promise<Answer['json']> {
    return knownStatus(this.url, this.headers('read'));
  }

  resubmit(id: string, body: unknown, headers = this.headers('admin')): Promise<Answer> {
    return sendRequest(this.url, `/deadLetters/${id}/resubmit`, { method: 'POST', headers, body });
  }

  async list(query = ''): Promise<Record<string, unknown>[]> {
    return (await this.get(`/deadLetters${query}`)).json.deadLetters as Record<string, unknown>[];
  }

  /** The ids of the dead letters of POISON. */
  async ids(): Promise<[string, string, string]> {
    return (await this.list()).map(({ id }) => id) as [string, string, string];
  }

  async revenue(userId = 'alice'): Promise<unknown> {
    return (await this.get(`/users/${userId}/revenue`)).json.revenue;
  }

  untilResolved(id: string): Promise<void> {
    return eventually(
      async () => (await this.get(`/deadLetters/${id}`)).json.state === 'resolved',
      60_000,
    );
  }

  /** Records in the log with the id of a correction. */
  async corrections(): Promise<Record<string, unknown>[]> {
    const text = await readFile(
      join(this.application.dataDir, 'staging', `${'0'.repeat(20)}.jsonl`),
      'utf8',
    );
    const lines = text.split('\n').filter((line) => line.includes('"id":"dead-letter:'));
    return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  async remove(): Promise<void> {
    await this.application.kill();
    await this.database.drop();
  }
}
