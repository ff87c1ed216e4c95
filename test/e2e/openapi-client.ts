import { mkdir, readdir, rename, rm, writeFile } from 'node:fs/promises';
import { request as open } from 'node:http';
import { join } from 'node:path';
import { FakeIngest, type Conduct } from '../integration/client/fake-ingest.js';
import type { DocumentedAnswers } from '../support/documented-answers.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import type { Answer } from '../support/send-request.js';

const line = (value: number): string =>
  `${JSON.stringify({ userId: 'abc123', name: 'add_revenue', value })}\n`;

/** A run of the client, in each way in which it ends: against an ingest that does as it is told. */
export class ClientAnswers {
  private constructor(
    private readonly answers: DocumentedAnswers,
    private readonly ingest: FakeIngest,
    private readonly file: string,
    private readonly application: RunningApplication,
  ) {}

  static async start(answers: DocumentedAnswers, databaseUrl: string): Promise<ClientAnswers> {
    const file = join(await temporaryDirectory(), 'events.jsonl');
    const ingest = await FakeIngest.start();
    const env = {
      EVENTS_FILE: file,
      INGEST_URL: ingest.url,
      CLIENT_ATTEMPTS_MAX: '1',
      DEDUPE_WINDOW_SECONDS: '0',
    };
    const application = await RunningApplication.start({ databaseUrl, env });
    return new ClientAnswers(answers, ingest, file, application);
  }

  /** All of them, in an order in which each leaves what the next one needs. */
  async provoke(): Promise<void> {
    await this.run('EVENTS_FILE_UNREADABLE'); // 404: there is none
    await mkdir(this.file);
    await this.run('EVENTS_FILE_UNREADABLE'); // 400: it is no file
    await rm(this.file, { recursive: true });
    await writeFile(this.file, `${line(1)}no event\n`);
    const { clientUrl } = this.application;
    await this.answers.ask(clientUrl, '/generateEvents', { method: 'POST' });
    await this.answers.ask(clientUrl, '/generateEvents', { method: 'PUT' });
    const summary = await this.run(null);
    if (summary.json.invalid.length !== 1) throw new Error(summary.text);
    await this.run('INGEST_REFUSED', { kind: 'say', status: 401, body: { code: 'KEY_REQUIRED' } });
    const full = { code: 'DISK_FULL', detail: 'full', retryAfter: 0 };
    await this.run('INGEST_UNAVAILABLE', { kind: 'say', status: 503, body: full });
    await this.run('INGEST_ANSWER_UNEXPECTED', { kind: 'say', status: 202, body: 'hello' });
    await this.forgetRun();
    await this.run('INGEST_UNREACHABLE', { kind: 'cut' });
    await this.run('RUN_TOO_OLD');
    await writeFile(this.file, line(2));
    await this.run('RUN_FILE_CHANGED');
    await this.state(async (path) => {
      await writeFile(path, 'nonsense');
      await this.run('RUN_STATE_UNREADABLE');
    });
    await this.state(async (path) => {
      await mkdir(`${path}.tmp`);
      await this.run('RUN_STATE_UNWRITABLE');
      await rm(`${path}.tmp`, { recursive: true });
    });
    await this.progress();
    await this.stopInTheMiddle();
  }

  async close(): Promise<void> {
    await this.ingest.close();
  }

  private async run(code: string | null, conduct: Conduct = { kind: 'store' }): Promise<Answer> {
    this.ingest.behave = () => conduct;
    const answer = await this.answers.ask(this.application.clientUrl, '/generateEvents');
    const got = answer.status === 200 ? null : String(answer.json.code);
    if (got !== code) throw new Error(`${String(code)}: ${answer.text}`);
    return answer;
  }

  /** A run that is going on refuses another one, and ends with the application. */
  private async stopInTheMiddle(): Promise<void> {
    const { clientUrl } = this.application;
    let asked = false;
    this.ingest.behave = () => {
      asked = true;
      return new Promise(() => undefined);
    };
    const first = this.answers.ask(clientUrl, '/generateEvents');
    await eventually(() => asked);
    const { json } = await this.answers.ask(clientUrl, '/generateEvents');
    if (json.code !== 'RUN_IN_PROGRESS') throw new Error(JSON.stringify(json));
    this.application.signal('SIGTERM');
    if ((await first).json.code !== 'RUN_STOPPED') throw new Error((await first).text);
    await this.application.exit();
  }

  /** As many readers as there may be, and one. */
  private async progress(): Promise<void> {
    const { clientUrl } = this.application;
    const url = new URL('/generateEvents/progress', clientUrl);
    const headers = { accept: 'text/event-stream' };
    await this.answers.ask(clientUrl, '/generateEvents/progress');
    const readers = Array.from({ length: 100 }, () => open(url, { headers, agent: false }));
    const streams = readers.map(
      (reader) =>
        new Promise<void>((resolve, reject) => {
          reader.on('error', reject).on('response', (response) => {
            const { statusCode: status = 0, headers: received } = response;
            response.once('data', (part: Buffer) => {
              const answer = { status, headers: received, text: part.toString(), json: null };
              this.answers.check('GET /generateEvents/progress', answer);
              resolve();
            });
          });
          reader.end();
        }),
    );
    await Promise.all(streams);
    const { json } = await this.answers.ask(clientUrl, url.pathname, { headers });
    if (json.code !== 'STREAMS_FULL') throw new Error(JSON.stringify(json));
    for (const reader of readers) reader.on('error', () => undefined).destroy();
  }

  /** With the file of the state. The run that it belongs to is forgotten then. */
  private async state(work: (path: string) => Promise<void>): Promise<void> {
    const directory = join(this.application.dataDir, 'client');
    const [name = 'none'] = await readdir(directory);
    await work(join(directory, name));
    await this.forgetRun();
    await writeFile(this.file, line(3));
    await this.run(null);
  }

  private async forgetRun(): Promise<void> {
    const directory = join(this.application.dataDir, 'client');
    await rename(directory, `${directory}.${Date.now()}`);
  }
}
