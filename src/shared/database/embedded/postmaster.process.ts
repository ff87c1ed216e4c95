import { spawn, type ChildProcessByStdio } from 'node:child_process';
import type { Readable, Writable } from 'node:stream';

import { guardArguments } from './guard-script.js';
import { pause } from './pause.js';
import { commandAs, type ServerAccount } from './server-account.js';

const OUTPUT_LINES_MAX = 20;
const OUTPUT_FLUSH_MS = 200;
const FAST_SHUTDOWN_MS = 20_000;
const IMMEDIATE_SHUTDOWN_MS = 10_000;

/**
 * One run of the server under its guard. States: running, then exited, for ever; a restart is a new object.
 * The guard leads a process group of its own, so that Ctrl-C in a terminal reaches Node only.
 */
export class Postmaster {
  /** Resolves, with the reason for messages, when the guard is gone and the output has been read. Never rejects. */
  readonly exited: Promise<string>;
  private serverPid: number | undefined;
  private hasExited = false;
  private readonly outputLines: string[] = [];

  private constructor(private readonly guard: ChildProcessByStdio<Writable, Readable, Readable>) {
    guard.stdout.once('data', (line: Buffer) => {
      this.serverPid = Number.parseInt(line.toString(), 10);
    });
    guard.stderr.setEncoding('utf8').on('data', (text: string) => this.keepOutput(text));
    guard.stdin.on('error', () => undefined);
    this.exited = this.watchExit();
  }

  /** Starts the server; whether it gets ready is the caller's to find out. */
  static spawn(account: ServerAccount, argv: readonly [string, ...string[]]): Postmaster {
    // The guard itself runs as the account that it has to signal; only a namespace begins below it.
    const inner = account.kind === 'user-namespace' ? commandAs(account, argv) : undefined;
    const guarded = inner === undefined ? argv : [inner.file, ...inner.args];
    const identity = inner?.identity ?? commandAs(account, argv).identity;
    const args = guardArguments(process.pid, guarded);
    return new Postmaster(
      spawn('sh', args, { ...identity, cwd: '/', detached: true, stdio: ['pipe', 'pipe', 'pipe'] }),
    );
  }

  get isRunning(): boolean {
    return !this.hasExited;
  }

  /** The last lines that the server printed before it turned to its own log files. */
  get output(): readonly string[] {
    return this.outputLines;
  }

  /**
   * Shuts the server down: fast (SIGINT), after 20 s immediately (SIGQUIT), after 10 s more by SIGKILL.
   * Resolves when it is gone; may be called at any time and more than once.
   */
  async stop(): Promise<void> {
    this.signal('SIGINT');
    this.guard.stdin.destroy();
    if (await this.exitsWithin(FAST_SHUTDOWN_MS)) return;
    this.signal('SIGQUIT');
    if (await this.exitsWithin(IMMEDIATE_SHUTDOWN_MS)) return;
    this.signal('SIGKILL');
    await this.exited;
  }

  private signal(name: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): void {
    // While the guard lives it has not reaped the server, so the number cannot belong to another process.
    if (this.hasExited || this.serverPid === undefined) return;
    try {
      process.kill(this.serverPid, name);
    } catch {
      // Gone already: the exit is about to be reported.
    }
  }

  private async exitsWithin(durationMs: number): Promise<boolean> {
    const bound = new AbortController();
    await Promise.race([this.exited, pause(durationMs, bound.signal)]);
    bound.abort();
    return this.hasExited;
  }

  private async watchExit(): Promise<string> {
    const closed = new Promise((resolve) => this.guard.once('close', resolve));
    const reason = await new Promise<string>((resolve) => {
      this.guard.once('error', (error) => resolve(error.message));
      this.guard.once('exit', (code, signal) => resolve(describeExit(code, signal)));
    });
    this.hasExited = true;
    this.guard.stdin.destroy();
    // What the server printed last may still be in the pipe, but a leftover process must not hold this up.
    await Promise.race([closed, pause(OUTPUT_FLUSH_MS)]);
    return reason;
  }

  private keepOutput(text: string): void {
    this.outputLines.push(...text.split('\n').filter((line) => line.trim() !== ''));
    this.outputLines.splice(0, this.outputLines.length - OUTPUT_LINES_MAX);
  }
}

/** Shells report a child that died of a signal as 128 plus the signal's number. */
function describeExit(code: number | null, signal: NodeJS.Signals | null): string {
  if (signal !== null) return `its guard was ended by ${signal}`;
  return code !== null && code > 128 ? `ended by signal ${code - 128}` : `exit code ${code}`;
}
