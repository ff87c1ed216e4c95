import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Violation } from './check-answer.mjs';

const MAIN = join(import.meta.dirname, '../../dist/src/main.js');
const URLS = [/^ {2}server +(http:\/\/\S+)/m, /^ {2}client +(http:\/\/\S+)/m];
/** Of what it says, a run of a million refusals included. */
const OUTPUT_KEPT = 100_000;

/** The compiled application as a process of its own. */
export class Application {
  #child;
  #output = '';
  #closed;
  #end = () => void this.#child.kill('SIGKILL');

  /** @param env all the configuration it gets beside free ports */
  constructor(env) {
    const { PATH, HOME } = process.env;
    this.#child = spawn(process.execPath, [MAIN], {
      cwd: tmpdir(), // away from the project, whose .env.local would count
      env: { PATH, HOME, SERVER_PORT: '0', CLIENT_PORT: '0', ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    process.once('exit', this.#end);
    this.#closed = once(this.#child, 'close').finally(() => process.off('exit', this.#end));
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream
        .setEncoding('utf8')
        .on('data', (part) => (this.#output = (this.#output + part).slice(-OUTPUT_KEPT)));
    }
  }

  /** The URLs of its listeners. @throws when it does not become ready */
  async ready() {
    while (!this.#output.includes('npm run verify')) {
      const more = once(this.#child.stdout, 'data').then(() => false);
      if (await Promise.race([this.#closed.then(() => true), more])) {
        throw new Error(`the application does not start:\n${this.#output}`);
      }
    }
    return URLS.map((pattern) => pattern.exec(this.#output)[1]);
  }

  /** What `work` ends with. @throws Violation when the application ends before */
  async whileRunning(work) {
    const ended = this.#closed.then(([code, signal]) => {
      throw new Violation(`the application ended with ${code ?? signal}:\n${this.#output}`);
    });
    return Promise.race([work, ended]);
  }

  /** @throws Violation when it does not end well */
  async stop() {
    this.#child.kill('SIGTERM');
    const [code, signal] = await this.#closed;
    if (code !== 0) throw new Violation(`stopping ended with ${code ?? signal}:\n${this.#output}`);
  }

  abandon() {
    this.#end();
  }
}
