import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { Violation } from './stored-records.mjs';

/** With the recovery of a database that was killed, too. */
const START_MAX_MS = 120_000;
/** What the tool ends with when it cannot reach the database. */
const UNREACHABLE = 3;
const UNREACHABLE_MAX_MS = 60_000;
const UNREACHABLE_PAUSE_MS = 200;
const SERVER_URL = /^ {2}server +(http:\/\/\S+)/m;

/** The compiled application as a process of its own, with its embedded PostgreSQL. */
export class Application {
  #child;
  #output = '';
  #closed;
  #end = () => void this.#child.kill('SIGKILL');

  /** @param settings `dist`, and `env`: all the configuration it gets */
  constructor({ dist, env }) {
    this.#child = spawn(process.execPath, [join(dist, 'src/main.js')], {
      cwd: tmpdir(), // away from the project, whose .env.local would count
      env: environment({ SERVER_PORT: '0', CLIENT_PORT: '0', ...env }),
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    process.once('exit', this.#end);
    this.#closed = once(this.#child, 'close').finally(() => process.off('exit', this.#end));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.setEncoding('utf8').on('data', (part) => (this.#output += part));
    }
  }

  /** All that it said. */
  get output() {
    return this.#output;
  }

  /** The URL of its server, once it is ready. @throws Violation when it does not become so by itself. */
  async ready() {
    const deadline = setTimeout(() => this.#child.kill('SIGKILL'), START_MAX_MS);
    try {
      while (!this.#output.includes('npm run verify')) {
        const ended = this.#closed.then(() => true);
        const more = once(this.#child.stdout, 'data').then(() => false);
        if (!(await Promise.race([ended, more]))) continue;
        throw new Violation('manual', `the application does not start:\n${this.#output}`);
      }
      return SERVER_URL.exec(this.#output)[1];
    } finally {
      clearTimeout(deadline);
    }
  }

  /** Kills it. @throws Violation when it was gone before. */
  async kill() {
    this.#child.kill('SIGKILL');
    const [code, signal] = await this.#closed;
    if (signal === 'SIGKILL') return;
    const how = `the application ended by itself, with ${code ?? signal}`;
    throw new Violation('manual', `${how}:\n${this.#output}`);
  }

  /** Asks it to stop. @throws Violation when it does not end well. */
  async stop() {
    this.#child.kill('SIGTERM');
    const [code, signal] = await this.#closed;
    if (code === 0) return;
    throw new Violation('wrong', `stopping ended with ${code ?? signal}:\n${this.#output}`);
  }

  /** When the campaign is over, however it ended. */
  abandon() {
    this.#end();
  }
}

/**
 * Runs `verify` on the data of an application, again while its database cannot be reached: it may have been killed just
 * before. @returns what it says @throws Violation unless exact
 */
export async function verify(given) {
  for (const deadline = Date.now() + UNREACHABLE_MAX_MS; ;) {
    const { code, output } = await runVerify(given);
    if (code === 0) return output.trim().split('\n').at(-1);
    if (code !== UNREACHABLE || Date.now() > deadline) {
      throw new Violation('wrong', `verify ended with ${code}:\n${output}`);
    }
    await sleep(UNREACHABLE_PAUSE_MS);
  }
}

async function runVerify({ dist, env }) {
  const child = spawn(process.execPath, [join(dist, 'src/tools/verify.js')], {
    cwd: tmpdir(),
    env: environment(env),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (part) => (output += part));
  }
  const [code] = await once(child, 'close');
  return { code, output };
}

const environment = (env) => ({ PATH: process.env.PATH, HOME: process.env.HOME, ...env });
