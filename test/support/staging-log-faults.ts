import {
  nodeLogFiles,
  type FileState,
  type LogFiles,
} from '../../src/staging-log/files/log-files.js';
import type { DiskSpace } from '../../src/staging-log/staging-log.port.js';

export type FileCall = keyof LogFiles;

type CallHook = (call: FileCall, nth: number, path: string) => void | Promise<void>;

/** An error as the operating system gives it. */
export function systemError(code: 'EIO' | 'ENOSPC'): Error {
  return Object.assign(new Error(`${code}: made up by a test`), { code });
}

/** Lets calls wait until somebody opens it. */
export class Gate {
  private release: () => void = () => undefined;
  private waiting: () => void = () => undefined;
  private readonly opened = new Promise<void>((resolve) => (this.release = resolve));
  /** Resolves when the first one waits. */
  readonly reached = new Promise<void>((resolve) => (this.waiting = resolve));

  pass(): Promise<void> {
    this.waiting();
    return this.opened;
  }

  open(): void {
    this.release();
  }
}

/** The real files, with faults on demand, and with a book of descriptors that are open. */
export class FaultyLogFiles implements LogFiles {
  readonly calls: Record<FileCall, number> = {
    ...{ open: 0, close: 0, stat: 0, fstat: 0, read: 0, write: 0 },
    ...{ fdatasync: 0, fsync: 0, truncate: 0, diskSpace: 0 },
    ...{ rename: 0, unlink: 0, readdir: 0, chmod: 0, mkdir: 0 },
  };
  readonly descriptors = new Set<number>();
  /** Descriptors that were closed though they were not open: they may be somebody else's by now. */
  strayCloses = 0;
  /** Told of each call, its number (from 1) and the file before it happens; throws to fail it. */
  before: CallHook = () => undefined;
  /** The same, when it has happened. */
  after: CallHook = () => undefined;
  private readonly paths = new Map<number, string>();
  writeBytesMax = Infinity;
  /** What the disk has left; the truth when null. */
  free: number | null = null;

  /** Fails calls whose number is in the list, counted from now. */
  failNext(call: FileCall, error: Error, numbers: readonly number[] = [1]): void {
    const base = this.calls[call];
    this.before = (name, nth) => {
      if (name === call && numbers.includes(nth - base)) throw error;
    };
  }

  /** Makes the next calls of this name wait. */
  hold(call: FileCall): Gate {
    const gate = new Gate();
    this.before = (name) => (name === call ? gate.pass() : undefined);
    return gate;
  }

  heal(): void {
    this.before = () => undefined;
    this.after = () => undefined;
    this.writeBytesMax = Infinity;
  }

  open(path: string, flags: string): Promise<number> {
    return this.call('open', path, async () => {
      const fd = await nodeLogFiles.open(path, flags);
      this.descriptors.add(fd);
      this.paths.set(fd, path);
      return fd;
    });
  }

  /** A failing close gives the descriptor back all the same, as Linux does. */
  async close(fd: number): Promise<void> {
    if (!this.descriptors.delete(fd)) {
      this.strayCloses += 1;
      throw new Error(`the descriptor ${fd} is not open`);
    }
    await nodeLogFiles.close(fd);
    await this.call('close', fd, () => Promise.resolve());
  }

  stat(path: string): Promise<FileState> {
    return this.call('stat', path, () => nodeLogFiles.stat(path));
  }

  fstat(fd: number): Promise<FileState> {
    return this.call('fstat', fd, () => nodeLogFiles.fstat(fd));
  }

  read(fd: number, into: Buffer, position: number): Promise<number> {
    return this.call('read', fd, () => nodeLogFiles.read(fd, into, position));
  }

  write(fd: number, bytes: Buffer, position: number): Promise<number> {
    const some = bytes.subarray(0, this.writeBytesMax);
    return this.call('write', fd, () => nodeLogFiles.write(fd, some, position));
  }

  fdatasync(fd: number): Promise<void> {
    return this.call('fdatasync', fd, () => nodeLogFiles.fdatasync(fd));
  }

  fsync(fd: number): Promise<void> {
    return this.call('fsync', fd, () => nodeLogFiles.fsync(fd));
  }

  truncate(fd: number, length: number): Promise<void> {
    return this.call('truncate', fd, () => nodeLogFiles.truncate(fd, length));
  }

  rename(from: string, to: string): Promise<void> {
    return this.call('rename', from, () => nodeLogFiles.rename(from, to));
  }

  unlink(path: string): Promise<void> {
    return this.call('unlink', path, () => nodeLogFiles.unlink(path));
  }

  chmod(path: string, mode: number): Promise<void> {
    return this.call('chmod', path, () => nodeLogFiles.chmod(path, mode));
  }

  mkdir(path: string): Promise<void> {
    return this.call('mkdir', path, () => nodeLogFiles.mkdir(path));
  }

  readdir(path: string): Promise<string[]> {
    return this.call('readdir', path, () => nodeLogFiles.readdir(path));
  }

  diskSpace(path: string): Promise<DiskSpace> {
    return this.call('diskSpace', path, async () => {
      const real = await nodeLogFiles.diskSpace(path);
      return { ...real, freeBytes: this.free ?? real.freeBytes };
    });
  }

  private async call<T>(
    name: FileCall,
    file: string | number,
    perform: () => Promise<T>,
  ): Promise<T> {
    const nth = ++this.calls[name];
    const path = typeof file === 'string' ? file : (this.paths.get(file) ?? '');
    await this.before(name, nth, path);
    const result = await perform();
    await this.after(name, nth, path);
    return result;
  }
}
