import type { LogFiles } from '../../src/staging-log/files/log-files.js';
import { systemError } from './staging-log-faults.js';

export type CallName = keyof LogFiles;

/** Which calls of a process fail. */
export interface Fault {
  readonly call: CallName;
  /** The first one, counted from 1 on and from when the fault began. */
  readonly nth: number;
  /** Whether all that follow fail, too. */
  readonly lasting: boolean;
  /** How much of a failing write happens all the same. */
  readonly share: number;
}

/** When a process ends: at the `nth` call from now on that changes anything. */
export interface Death {
  readonly nth: number;
  /** How much of that call happens: of a write a part, else all when it is 0.5 or more. */
  readonly share: number;
}

const CHANGING: readonly CallName[] = [
  ...(['write', 'fdatasync', 'fsync', 'truncate', 'rename', 'unlink', 'mkdir', 'chmod'] as const),
];

/** The calls of one process to its files: they fail, are slow, and end as they are told. */
export class MortalProcess {
  readonly files: LogFiles;
  /** What it has open. */
  readonly descriptors = new Set<number>();
  private dead = false;
  private fault: Fault | null = null;
  private death: Death | null = null;
  private matching = 0;
  private changes = 0;
  private calls = 0;

  /**
   * @param pace how many turns of the event loop the calls take, one after the other, again and again
   * @param onFailedSync told of the descriptor before a sync of data fails
   */
  constructor(
    private readonly ground: LogFiles,
    private readonly pace: readonly number[],
    private readonly onFailedSync: (fd: number) => void,
  ) {
    this.files = new Proxy(ground, {
      get:
        (_, name: CallName) =>
        (...given: unknown[]): Promise<unknown> =>
          this.call(name, given),
    });
  }

  get isDead(): boolean {
    return this.dead;
  }

  /** Calls fail from now on; null: no more. @returns what it was before. */
  suffer(fault: Fault | null): Fault | null {
    const before = this.fault;
    this.fault = fault;
    this.matching = 0;
    return before;
  }

  dieAt(death: Death): void {
    this.death = death;
    this.changes = 0;
  }

  /** At once. Nothing that is still under way reaches the files any more. */
  async die(): Promise<void> {
    this.dead = true;
    for (const fd of this.descriptors) await this.ground.close(fd).catch(() => undefined);
    this.descriptors.clear();
  }

  private async call(name: CallName, given: readonly unknown[]): Promise<unknown> {
    const turns = this.pace[this.calls++ % this.pace.length] ?? 0;
    for (let turn = 0; turn < turns; turn++) await new Promise(setImmediate);
    this.assertAlive();
    if (CHANGING.includes(name) || (name === 'open' && String(given[1]).startsWith('w'))) {
      await this.passDeath(name, given);
    }
    await this.passFault(name, given);
    const result = await this.perform(name, given);
    if (this.dead && name === 'open') await this.ground.close(Number(result));
    this.assertAlive();
    if (name === 'open') this.descriptors.add(Number(result));
    return result;
  }

  private async passDeath(name: CallName, given: readonly unknown[]): Promise<void> {
    if (this.death === null || ++this.changes < this.death.nth) return;
    await this.performPart(name, given, this.death.share);
    await this.die();
    this.assertAlive();
  }

  private async passFault(name: CallName, given: readonly unknown[]): Promise<void> {
    const { fault } = this;
    if (fault?.call !== name) return;
    const nth = ++this.matching;
    if (fault.lasting ? nth < fault.nth : nth !== fault.nth) return;
    if (name === 'fdatasync' && fault.share < 0.5) this.onFailedSync(Number(given[0]));
    if (name === 'write') await this.performPart(name, given, fault.share);
    if (name === 'close') await this.perform(name, given); // as Linux does
    throw systemError('EIO');
  }

  private async performPart(
    name: CallName,
    given: readonly unknown[],
    share: number,
  ): Promise<void> {
    const [fd, bytes, position] = given;
    if (name === 'write' && Buffer.isBuffer(bytes)) {
      const part = bytes.subarray(0, Math.floor(share * (bytes.length + 1)));
      if (part.length > 0) await this.perform(name, [fd, part, position]);
    } else if (share >= 0.5) {
      const result = await this.perform(name, given);
      if (name === 'open') await this.ground.close(Number(result));
    }
  }

  private perform(name: CallName, given: readonly unknown[]): Promise<unknown> {
    if (name === 'close') this.descriptors.delete(Number(given[0]));
    const perform = this.ground[name] as (...given: unknown[]) => Promise<unknown>;
    return perform.apply(this.ground, [...given]);
  }

  private assertAlive(): void {
    if (this.dead) throw new Error('the process was killed');
  }
}
