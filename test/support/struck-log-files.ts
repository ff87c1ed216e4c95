import type { LogFiles } from '../../src/staging-log/files/log-files.js';

/** Told of each call, with its file, before it happens and after; throws to fail it. */
export type Strike = (call: keyof LogFiles, when: 'before' | 'after', path: string) => void;

type AnyCall = (...args: unknown[]) => Promise<unknown>;

/**
 * Files of which any call can be failed, and a book of what is open. A close that fails has given its
 * descriptor back all the same, as on Linux.
 */
export class StruckLogFiles {
  /** Descriptors that are open, and of which file. */
  readonly open = new Map<unknown, string>();
  strike: Strike = () => undefined;
  /** At most so many bytes are written at once. */
  writeBytesMax = Infinity;
  readonly files: LogFiles;

  constructor(private readonly base: LogFiles) {
    const calls = Object.entries(base) as [keyof LogFiles, AnyCall][];
    const struck = calls.map(([call, perform]) => [call, this.struck(call, perform)]);
    this.files = Object.fromEntries(struck);
  }

  private struck(call: keyof LogFiles, perform: AnyCall): AnyCall {
    return async (target, ...rest) => {
      const path = typeof target === 'string' ? target : this.open.get(target);
      if (path === undefined) throw new Error(`${call} with a descriptor that is not open`);
      if (call === 'close') this.open.delete(target);
      else this.strike(call, 'before', path);
      if (call === 'write') rest[0] = (rest[0] as Buffer).subarray(0, this.writeBytesMax);
      const result = await perform(target, ...rest);
      if (call === 'close') this.strike(call, 'before', path);
      try {
        this.strike(call, 'after', path);
      } catch (error) {
        if (call === 'open') await this.base.close(result as number); // the caller gets none
        throw error;
      }
      if (call === 'open') this.open.set(result, path);
      return result;
    };
  }
}
