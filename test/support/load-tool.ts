import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const LOAD_TOOL = join(import.meta.dirname, '../../dist/src/tools/load.js');

/** The compiled `npm run load` as a process of its own, which a test may kill. */
export class LoadTool {
  /** The exit code and all output; the code is null when a signal ended it. */
  readonly ended: Promise<{ readonly code: number | null; readonly output: string }>;

  private constructor(private readonly child: ChildProcess) {
    let output = '';
    for (const stream of [child.stdout, child.stderr]) {
      stream?.setEncoding('utf8').on('data', (part: string) => (output += part));
    }
    this.ended = once(child, 'close').then(([code]) => ({ code: code as number | null, output }));
  }

  static start(dataDir: string, databaseUrl: string): LoadTool {
    return new LoadTool(
      spawn(process.execPath, [LOAD_TOOL], {
        cwd: tmpdir(), // away from the project, whose .env.local would count
        env: { PATH: process.env['PATH'], DATA_DIR: dataDir, DATABASE_URL: databaseUrl },
        stdio: ['ignore', 'pipe', 'pipe'],
      }),
    );
  }

  async kill(): Promise<void> {
    this.child.kill('SIGKILL');
    await this.ended;
  }
}
