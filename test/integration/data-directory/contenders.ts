import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

const SCRIPT = join(import.meta.dirname, 'contender.mjs');

/** A process of its own that contends for a data directory when told to. */
export class Contender {
  private readonly answers: AsyncIterator<string>;

  private constructor(private readonly child: ChildProcess) {
    this.answers = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  }

  static async start(dataDir: string): Promise<Contender> {
    const child = spawn(process.execPath, [SCRIPT, dataDir], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    const contender = new Contender(child);
    await contender.answer();
    return contender;
  }

  get pid(): number {
    return this.child.pid ?? -1;
  }

  /** "owner", or why not. */
  async acquire(): Promise<string> {
    this.child.stdin!.write('acquire\n');
    return this.answer();
  }

  async release(): Promise<void> {
    this.child.stdin!.write('release\n');
    await this.answer();
  }

  signal(signal: NodeJS.Signals): void {
    this.child.kill(signal);
  }

  async kill(): Promise<void> {
    if (this.child.exitCode !== null || this.child.signalCode !== null) return;
    const exited = once(this.child, 'exit');
    this.child.kill('SIGKILL');
    await exited;
  }

  private async answer(): Promise<string> {
    const line: IteratorResult<string, unknown> = await this.answers.next();
    return line.done === true ? 'ended' : line.value;
  }
}

/** A data directory of the test's own, and all that contend for it; `close` ends them. */
export class Contest {
  private readonly contenders: Contender[] = [];

  private constructor(
    private readonly top: string,
    readonly dataDir: string,
  ) {}

  /** @param below path of the data directory below the temporary one */
  static async open(below = 'data'): Promise<Contest> {
    const top = await mkdtemp(join(tmpdir(), 'revenue-etl-owner-'));
    return new Contest(top, join(top, below));
  }

  async contender(dataDir = this.dataDir): Promise<Contender> {
    const contender = await Contender.start(dataDir);
    this.contenders.push(contender);
    return contender;
  }

  async close(): Promise<void> {
    await Promise.all(this.contenders.map((contender) => contender.kill()));
    await rm(this.top, { recursive: true, force: true });
  }
}
