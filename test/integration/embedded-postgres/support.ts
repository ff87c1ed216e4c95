import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';

import pg from 'pg';

import { EmbeddedPostgres } from '../../../src/shared/database/embedded/embedded-postgres.js';

const compiledFile = join(
  import.meta.dirname,
  '../../../dist/src/shared/database/embedded/embedded-postgres.js',
);

/** Collects what the server's owner would log, for assertions and for failed tests. */
export class LogLines {
  readonly lines: string[] = [];
  info = (message: string): void => void this.lines.push(`info ${message}`);
  warn = (message: string): void => void this.lines.push(`warn ${message}`);
  error = (message: string): void => void this.lines.push(`error ${message}`);

  count(pattern: RegExp): number {
    return this.lines.filter((line) => pattern.test(line)).length;
  }
}

/** A data directory of the test's own and every server that it starts there; `close` ends them all. */
export class EmbeddedWorkbench {
  readonly log = new LogLines();
  private readonly servers: EmbeddedPostgres[] = [];
  private readonly owners: ChildProcess[] = [];

  private constructor(
    private readonly topDir: string,
    readonly dataDir: string,
  ) {}

  /** @param below path of the data directory below the temporary one */
  static async open(below = 'data'): Promise<EmbeddedWorkbench> {
    const topDir = await mkdtemp(join(tmpdir(), 'revenue-etl-embedded-'));
    return new EmbeddedWorkbench(topDir, join(topDir, below));
  }

  async start(): Promise<EmbeddedPostgres> {
    const server = await EmbeddedPostgres.start({ dataDir: this.dataDir, log: this.log });
    this.servers.push(server);
    return server;
  }

  /** Starts the server in a Node process of its own, from the compiled sources, and waits until it is ready. */
  async startOwner(): Promise<{ readonly owner: ChildProcess; readonly url: string }> {
    const script = `
      const { EmbeddedPostgres } = await import(${JSON.stringify(pathToFileURL(compiledFile).href)});
      const log = { info() {}, warn: console.error, error: console.error };
      const server = await EmbeddedPostgres.start({ dataDir: ${JSON.stringify(this.dataDir)}, log });
      console.log(server.url);`;
    const args = ['--input-type=module', '-e', script];
    const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
    this.owners.push(owner);
    const [line] = (await once(owner.stdout, 'data')) as [Buffer];
    return { owner, url: line.toString().trim() };
  }

  async postmasterPid(): Promise<number> {
    return Number.parseInt(await readFile(join(this.clusterDir(), 'postmaster.pid'), 'utf8'), 10);
  }

  clusterDir(major = 18): string {
    return join(this.dataDir, 'postgres', String(major));
  }

  async close(): Promise<void> {
    for (const owner of this.owners) owner.kill('SIGKILL');
    // A server that an owner left behind is taken over and stopped, like in production.
    const leftOver = this.owners.length > 0 ? await this.start().catch(() => undefined) : undefined;
    await leftOver?.stop();
    await Promise.all(this.servers.map((server) => server.stop()));
    await rm(this.topDir, { recursive: true, force: true });
  }
}

export async function query(url: string, text: string): Promise<readonly unknown[]> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

/** Repeats the query until it succeeds, for servers that are coming back. */
export async function queryEventually(url: string, text: string): Promise<readonly unknown[]> {
  const deadline = Date.now() + 20_000;
  for (;;) {
    try {
      return await query(url, text);
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await delay(20);
    }
  }
}

export async function sigkill(child: ChildProcess): Promise<void> {
  const exited = once(child, 'exit');
  child.kill('SIGKILL');
  await exited;
}

/** A process that has ended and only waits to be reaped by its adopter is not alive. */
export function isAlive(pid: number): boolean {
  try {
    return !/^State:\tZ/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

export async function eventually(condition: () => boolean | Promise<boolean>): Promise<boolean> {
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline) {
    if (await condition()) return true;
    await delay(20);
  }
  return false;
}

/** The processes of the guard that watches this server: the main shell and its watcher. */
export async function guardPidsOf(postmasterPid: number): Promise<readonly number[]> {
  const guard = await parentOf(postmasterPid);
  const pids = (await readdir('/proc')).map(Number).filter((pid) => !Number.isNaN(pid));
  const parents = await Promise.all(pids.map((pid) => parentOf(pid).catch(() => 0)));
  const children = pids.filter((pid, index) => parents[index] === guard && pid !== postmasterPid);
  return [guard, ...children];
}

async function parentOf(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8');
  return Number(/^PPid:\t(\d+)$/m.exec(status)?.[1]);
}
