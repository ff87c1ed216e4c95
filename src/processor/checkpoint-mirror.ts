import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from './checkpoint.js';

/**
 * `<dataDir>/checkpoint.json`: the checkpoint for people and their scripts. PostgreSQL holds the
 * true one; nothing reads this file back, so it may be missing, stale or torn, and is then written
 * again.
 */
export class CheckpointMirror {
  private readonly path: string;

  constructor(
    dataDir: string,
    private readonly logId: string,
  ) {
    this.path = join(dataDir, 'checkpoint.json');
  }

  /** Makes the file say this checkpoint, unless it does. */
  async show({ offset, fingerprint, timestamp, events }: Checkpoint): Promise<void> {
    const text = `${JSON.stringify({ logId: this.logId, offset, fingerprint, timestamp, events })}\n`;
    const current = await readFile(this.path, 'utf8').catch(() => null);
    if (current === text) return;
    const temporary = `${this.path}.new`;
    await writeFile(temporary, text);
    await rename(temporary, this.path);
  }
}
