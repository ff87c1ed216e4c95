import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll } from '@jest/globals';
import { eventually } from './eventually.js';
import { sendRequest } from './send-request.js';

const MAIN = join(import.meta.dirname, '../../dist/src/main.js');

export interface ApplicationSettings {
  /** Left out: the application starts its embedded PostgreSQL, which takes some seconds. */
  readonly databaseUrl?: string;
  /** Left out: a directory of its own. */
  readonly dataDir?: string;
  /** Further variables. Ports are free ones unless set here. */
  readonly env?: Readonly<Record<string, string>>;
  /** Options of Node, before the script: `['--import', path]`, say. */
  readonly nodeArgs?: readonly string[];
  readonly readyTimeoutMs?: number;
}

/** How an application ended. */
export interface ApplicationEnd {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

const children = new Set<ChildProcess>();
const directories = new Set<string>();

/** A temporary directory that is removed after the spec file. */
export async function temporaryDirectory(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'revenue-etl-app-'));
  directories.add(directory);
  return directory;
}

// Whoever imports this file leaves no process and no directory behind, however its tests end.
afterAll(async () => {
  const living = [...children];
  for (const child of living) child.kill('SIGKILL');
  await Promise.all(living.map((child) => exitOf(child)));
  // An embedded server takes a moment to follow its killed process.
  const removal = { recursive: true, force: true, maxRetries: 50, retryDelay: 20 };
  for (const directory of directories) await rm(directory, removal);
});

/**
 * The compiled application as a process of its own. It sees no variable of this process and no
 * `.env` file, so the settings and the defaults are all its configuration.
 */
export class RunningApplication {
  private out = '';
  private err = '';

  private constructor(
    private readonly child: ChildProcess,
    readonly dataDir: string,
  ) {
    child.stdout?.on('data', (part: string) => (this.out += part));
    child.stderr?.on('data', (part: string) => (this.err += part));
  }

  /**
   * Resolves when it is ready, and has found its database, unless that refuses: the application does not wait for it for
   * long. @throws with all its output when it ends before, or takes too long.
   */
  static async start(settings: ApplicationSettings = {}): Promise<RunningApplication> {
    const application = await RunningApplication.launch(settings);
    const { child } = application;
    const settled = (): boolean => application.isReady() || hasExited(child);
    await eventually(settled, settings.readyTimeoutMs ?? 60_000).catch(() => undefined);
    if (application.isReady()) {
      if (application.out.includes('not there yet (connecting)')) await application.untilFound();
      return application;
    }
    child.kill('SIGKILL');
    throw new Error(`the application did not become ready:\n${application.output}`);
  }

  /** Starts it and waits for nothing. */
  static async launch(settings: ApplicationSettings = {}): Promise<RunningApplication> {
    const directory = settings.dataDir === undefined ? await temporaryDirectory() : undefined;
    const dataDir = settings.dataDir ?? join(directory ?? '', 'data');
    const child = spawn(process.execPath, [...(settings.nodeArgs ?? []), MAIN], {
      // Away from the project, whose .env.local would count.
      cwd: directory ?? tmpdir(),
      env: {
        PATH: process.env['PATH'],
        HOME: process.env['HOME'],
        SERVER_PORT: '0',
        CLIENT_PORT: '0',
        DATA_DIR: dataDir,
        DATABASE_URL: settings.databaseUrl ?? '',
        ...settings.env,
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    child.stdout.setEncoding('utf8');
    child.stderr.setEncoding('utf8');
    children.add(child);
    child.once('close', () => children.delete(child));
    return new RunningApplication(child, dataDir);
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  get serverUrl(): string {
    return this.urlAfter('server');
  }

  get clientUrl(): string {
    return this.urlAfter('client');
  }

  get stdout(): string {
    return this.out;
  }

  get stderr(): string {
    return this.err;
  }

  /** Both streams, for the message of a failing test. */
  get output(): string {
    return `${this.out}\n${this.err}`;
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  /** Resolves when the process is gone and all its output is here. */
  exit(): Promise<ApplicationEnd> {
    return exitOf(this.child);
  }

  /** Asks it to stop, and resolves with its exit code; null when a signal ended it. */
  async stop(): Promise<number | null> {
    this.child.kill('SIGTERM');
    return (await this.exit()).code;
  }

  /** Resolves when it is dead, without any clean-up of its own. */
  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.exit();
  }

  /** Until the first attempt to reach the database has ended, in whatever way. */
  private async untilFound(): Promise<void> {
    await eventually(async () => {
      const { json } = await sendRequest(this.serverUrl, '/health/ready');
      const findings = json.degraded as { code: string; message: string }[];
      return !findings.some(
        ({ code, message }) => code === 'DATABASE_AWAY' && message === 'connecting',
      );
    });
  }

  private isReady(): boolean {
    return this.out.includes('revenue-etl is ready') && this.out.includes('npm run verify');
  }

  private urlAfter(listener: 'server' | 'client'): string {
    const match = new RegExp(`^ {2}${listener} +(http://\\S+)`, 'm').exec(this.out);
    if (match?.[1] === undefined) throw new Error(`no ${listener} URL in:\n${this.output}`);
    return match[1];
  }
}

const hasExited = ({ exitCode, signalCode }: ChildProcess): boolean =>
  exitCode !== null || signalCode !== null;

async function exitOf(child: ChildProcess): Promise<ApplicationEnd> {
  // Still in the set: its streams are not closed yet.
  if (children.has(child)) await once(child, 'close');
  return { code: child.exitCode, signal: child.signalCode };
}
