import { readFile, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { samePlace, type Checkpoint } from './checkpoint.js';

/**
 * `<dataDir>/checkpoint.json`: the checkpoint for people and their scripts. PostgreSQL holds the
 * true one, so the file may be missing, stale or torn, and is then written again. It is read back for
 * one question only: which checkpoint this data directory has seen, when the log can not tell. The staging log
 * reads it, too, for the bound of its backlog while PostgreSQL cannot be asked.
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

  /** Whether the file says this place of this log. False when it cannot be read. */
  async says(checkpoint: Checkpoint): Promise<boolean> {
    try {
      const shown = JSON.parse(await readFile(this.path, 'utf8')) as Checkpoint & {
        logId: unknown;
      };
      return shown.logId === this.logId && samePlace(shown, checkpoint);
    } catch {
      return false;
    }
  }
}
