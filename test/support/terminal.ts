import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';

/** A command of the shell on a pseudo terminal of its own, by the `script` that Linux and macOS bring along. */
export class Terminal {
  /** All that it has shown, with its control sequences. */
  output = '';
  private readonly closed: Promise<unknown[]>;

  private constructor(private readonly child: ChildProcessWithoutNullStreams) {
    this.closed = once(child, 'close');
    child.stdout.setEncoding('utf8').on('data', (text: string) => (this.output += text));
    child.stderr.setEncoding('utf8').on('data', (text: string) => (this.output += text));
  }

  static run(command: string, env: Readonly<Record<string, string>>): Terminal {
    const all = { PATH: process.env['PATH'], TERM: 'xterm', ...env };
    const linux = ['-qec', command, '/dev/null'];
    const args = process.platform === 'linux' ? linux : ['-q', '/dev/null', 'sh', '-c', command];
    return new Terminal(spawn('script', args, { env: all }));
  }

  /** As if a person had typed it. */
  type(text: string): void {
    this.child.stdin.write(text);
  }

  /** Resolves with the exit code of the command, when all its output is here. */
  async exit(): Promise<number> {
    const [code] = await this.closed;
    return Number(code);
  }
}
