import type { Block } from './block-cutter.js';
import { replaceFile, writeFully, type LogFiles } from '../files/log-files.js';
import { blockLine, formatSums } from './sums-file.js';

/**
 * Lets the `.sums` of the active segment follow its blocks, without a sync: what it lacks after a crash is
 * made anew. A failure is no failure of the log either; the next block writes the file anew as a whole.
 */
export class SumsWriter {
  private fd: number | null = null;
  private position = 0;
  private written = 0;
  private running: Promise<void> | null = null;
  private failing = false;

  /** @param blocks grow by and by. */
  constructor(
    private readonly files: LogFiles,
    private readonly path: string,
    private readonly blocks: readonly Block[],
    private readonly report: (level: 'warn', message: string) => void,
  ) {}

  /** Writes what is new, in the background. */
  follow(): void {
    this.running ??= this.writeNew().finally(() => (this.running = null));
  }

  /** Resolves when nothing is under way, after a last attempt to write all. Never rejects. */
  async finish(): Promise<void> {
    await this.running;
    await this.writeNew();
    await this.closeFile();
  }

  /** The same for a sealed segment: durably, with its last line. @throws that of the system. */
  async seal(length: number): Promise<void> {
    await this.running;
    await this.closeFile();
    await replaceFile(this.files, this.path, [formatSums(this.blocks, length)]);
  }

  private async writeNew(): Promise<void> {
    try {
      while (this.written < this.blocks.length) await this.write();
      this.failing = false;
    } catch (error) {
      if (!this.failing)
        this.report('warn', `checksums cannot be written to ${this.path}: ${String(error)}`);
      this.failing = true;
      await this.closeFile();
    }
  }

  private async write(): Promise<void> {
    const from = this.fd === null ? 0 : this.written;
    const until = this.blocks.length;
    const bytes = Buffer.from(this.blocks.slice(from, until).map(blockLine).join(''));
    if (this.fd === null) {
      await replaceFile(this.files, this.path, [bytes]);
      this.fd = await this.files.open(this.path, 'r+');
      this.position = bytes.length;
    } else {
      await writeFully(this.files, this.fd, { position: this.position, bytes });
      this.position += bytes.length;
    }
    this.written = until;
  }

  private async closeFile(): Promise<void> {
    const { fd } = this;
    this.fd = null;
    this.written = 0;
    if (fd !== null) await this.files.close(fd).catch(() => undefined);
  }
}
