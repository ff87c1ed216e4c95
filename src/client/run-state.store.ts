import { createHash } from 'node:crypto';
import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeRunState, encodeRunState, type RunState } from './run-state.js';

/** Progress is not written more often: what is lost in a crash is sent again and recognised. */
const SAVE_INTERVAL_MS = 250;

/** The state could not be made durable. Without it a run must not go on. */
export class RunStateUnwritableError extends Error {
  readonly code = 'RUN_STATE_UNWRITABLE';
}

export type LoadedRunState =
  | { readonly kind: 'none' }
  | { readonly kind: 'state'; readonly state: RunState }
  | { readonly kind: 'unreadable'; readonly reason: string };

/**
 * The state file of one events file, `DATA_DIR/client/<hash of its path>.run.json`. It is replaced
 * as a whole, so a crash leaves the old state or the new one.
 */
export class RunStateStore {
  readonly path: string;
  private savedAt = Number.NEGATIVE_INFINITY;
  private saving: Promise<void> | null = null;
  private failure: unknown = null;

  constructor(dataDir: string, eventsFile: string) {
    const hash = createHash('sha256').update(eventsFile).digest('hex').slice(0, 16);
    this.path = join(dataDir, 'client', `${hash}.run.json`);
  }

  async load(): Promise<LoadedRunState> {
    try {
      return decodeRunState(await readFile(this.path, 'utf8'));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'none' };
      return { kind: 'unreadable', reason: (error as Error).message };
    }
  }

  /**
   * Resolves when the state is on disk, name included.
   * @throws RunStateUnwritableError also when an earlier `saveSoon` has failed.
   */
  async save(state: RunState): Promise<void> {
    while (this.saving !== null) await this.saving;
    if (this.failure === null) await this.write(state);
    if (this.failure === null) return;
    throw new RunStateUnwritableError((this.failure as Error).message, { cause: this.failure });
  }

  /** Saves in the background, unless that was done a moment ago; `failed` hears of a failure. */
  saveSoon(state: () => RunState, failed: () => void): void {
    const soon = performance.now() < this.savedAt + SAVE_INTERVAL_MS;
    if (soon || this.saving !== null || this.failure !== null) return;
    void this.write(state()).then(() => {
      if (this.failure !== null) failed();
    });
  }

  /** To be called while nothing is being written. */
  private write(state: RunState): Promise<void> {
    this.savedAt = performance.now();
    this.saving = replaceFile(this.path, encodeRunState(state))
      .catch((error: unknown) => {
        this.failure = error;
      })
      .finally(() => {
        this.saving = null;
      });
    return this.saving;
  }
}

async function replaceFile(path: string, text: string): Promise<void> {
  const directory = dirname(path);
  const created = await mkdir(directory, { recursive: true });
  const temporary = `${path}.tmp`;
  const handle = await open(temporary, 'w');
  try {
    await handle.writeFile(text);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(temporary, path);
  await syncDirectory(directory);
  if (created !== undefined) await syncDirectory(dirname(created));
}

/** A rename is durable once its directory is. */
async function syncDirectory(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
