import assert from 'node:assert/strict';
import {
  LocalStagingLog,
  type LocalStagingLogOptions,
} from '../../src/staging-log/local-staging-log.js';
import type { LogFiles } from '../../src/staging-log/files/log-files.js';
import {
  readLayout,
  segmentPath,
  stagingDirectory,
} from '../../src/staging-log/files/log-layout.js';
import type { Trouble } from './staging-log-model-commands.js';
import type { Ending } from './staging-log-model-disk.js';
import { MortalProcess, type CallName } from './staging-log-model-process.js';

/** What a log stands on. */
export interface Ground {
  readonly dataDir: string;
  readonly files: LogFiles;
  /** All processes have ended in this way. */
  end(ending: Ending): void;
  /** Told of the descriptor before a sync of data fails. */
  onFailedSync(fd: number): void;
  /** Makes the timers of the process go off that are due within that time. */
  passTimers(milliseconds: number): void;
}

export type OpenOptions = Omit<LocalStagingLogOptions, 'dataDir' | 'files' | 'report'>;

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
/** While one of these fails, what was refused cannot be cut off. */
const NEEDED_TO_HEAL: readonly CallName[] = ['open', 'fstat', 'truncate', 'fsync', 'read'];
/** More than any background work takes, whatever the pace. */
const TURNS_MAX = 20_000;

/** A log, the process that it lives in, and what befalls them. */
export class ModelWorld {
  private process: MortalProcess;
  private opened: LocalStagingLog | null = null;
  /** Calls of this name fail until they are repaired. */
  private broken: CallName | null = null;

  constructor(
    private readonly ground: Ground,
    private readonly pace: readonly number[],
  ) {
    this.process = this.begin();
  }

  get log(): LocalStagingLog {
    assert(this.opened !== null, 'no log is open');
    return this.opened;
  }

  get files(): LogFiles {
    return this.process.files;
  }

  get isDead(): boolean {
    return this.process.isDead;
  }

  /** Whether what is refused now cannot be cut off at once. */
  get cannotHeal(): boolean {
    return this.broken !== null && NEEDED_TO_HEAL.includes(this.broken);
  }

  get isBroken(): boolean {
    return this.broken !== null;
  }

  /** @throws when it does not open; then its process, if it lives, has nothing open. */
  async open(options: OpenOptions): Promise<void> {
    const { ground, process } = this;
    const { dataDir } = ground;
    try {
      const report = (): void => undefined;
      const { files } = process;
      this.opened = await LocalStagingLog.open({ ...options, dataDir, files, report });
    } catch (error) {
      if (!process.isDead)
        assert.equal(process.descriptors.size, 0, 'a failed start leaves files open');
      throw error;
    }
  }

  /** Closes the log if one is open; never fails, even when the process is dead. */
  async close(): Promise<void> {
    const { opened, process } = this;
    this.opened = null;
    if (opened === null) return;
    await opened.close();
    if (!process.isDead)
      assert.equal(process.descriptors.size, 0, 'a closed log leaves files open');
  }

  /** Where the last segment ends, whatever the log tells. */
  fileEnd(): Promise<number> {
    const { files, dataDir } = this.ground;
    const directory = stagingDirectory(dataDir);
    return this.undisturbed(async () => {
      const first = (await readLayout(files, directory)).segments.at(-1)?.first ?? 0;
      return first + (await files.stat(segmentPath(directory, first))).size;
    });
  }

  /** Trouble begins. */
  begins(trouble: Trouble | null): void {
    if (trouble?.kind === 'death') this.process.dieAt(trouble.death);
    if (trouble?.kind !== 'fault') return;
    this.process.suffer(trouble.fault);
    this.broken = trouble.fault.call;
  }

  /** Trouble is over, unless it lasts. @returns whether the process died of it. */
  async ends(trouble: Trouble | null): Promise<boolean> {
    if (trouble?.kind === 'death') {
      await this.process.die();
      await this.close();
      this.ground.end(trouble.ending);
      this.process = this.begin();
      this.broken = null;
      return true;
    }
    if (trouble?.kind === 'fault' && !trouble.fault.lasting) await this.repair();
    return false;
  }

  /** No call fails any more, and the log goes on by itself, if one is open. */
  async repair(): Promise<void> {
    this.mend();
    for (let turns = 0; this.isUnavailable(); turns++) {
      assert(turns < TURNS_MAX, 'the log does not go on by itself');
      if (turns % 20 === 0) this.ground.passTimers(500);
      await turn();
    }
  }

  /** No call fails while something is looked at. */
  async undisturbed<T>(work: () => Promise<T>): Promise<T> {
    const fault = this.process.suffer(null);
    try {
      return await work();
    } finally {
      this.process.suffer(fault);
    }
  }

  mend(): void {
    this.process.suffer(null);
    this.broken = null;
  }

  async passTimers(milliseconds: number): Promise<void> {
    this.ground.passTimers(milliseconds);
    for (let turns = 0; turns < 3; turns++) await turn();
  }

  /** After a test that went well or not. */
  async leave(): Promise<void> {
    await this.process.die();
    await this.close();
  }

  private begin(): MortalProcess {
    const { files } = this.ground;
    return new MortalProcess(files, this.pace, (fd) => {
      this.ground.onFailedSync(fd);
    });
  }

  private isUnavailable(): boolean {
    const health = this.opened?.health();
    return health?.kind === 'refusing' && health.code === 'LOG_UNAVAILABLE';
  }
}
