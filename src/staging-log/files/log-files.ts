import * as fs from 'node:fs';
import { dirname } from 'node:path';
import { promisify } from 'node:util';
import type { DiskSpace } from '../staging-log.port.js';

const read = promisify(fs.read);
const fstat = promisify(fs.fstat);

/** Which file it is, on its device, and how long. */
export interface FileState {
  readonly device: bigint;
  readonly inode: bigint;
  readonly size: number;
}

/**
 * The calls to the operating system that the log's promises rest on. One small place, so that tests
 * can make any of them fail.
 */
export interface LogFiles {
  open(path: string, flags: string): Promise<number>;
  close(fd: number): Promise<void>;
  stat(path: string): Promise<FileState>;
  fstat(fd: number): Promise<FileState>;
  /** May read less than asked for. */
  read(fd: number, into: Buffer, position: number): Promise<number>;
  /** May write less than given. */
  write(fd: number, bytes: Buffer, position: number): Promise<number>;
  fdatasync(fd: number): Promise<void>;
  fsync(fd: number): Promise<void>;
  truncate(fd: number, length: number): Promise<void>;
  /** Replaces what is at `to`. */
  rename(from: string, to: string): Promise<void>;
  unlink(path: string): Promise<void>;
  chmod(path: string, mode: number): Promise<void>;
  /** With the directories above it; nothing happens when it is there. */
  mkdir(path: string): Promise<void>;
  /** The names in a directory, in no order. */
  readdir(path: string): Promise<string[]>;
  /** Of the file system of `path`. */
  diskSpace(path: string): Promise<DiskSpace>;
}

const fileState = ({ dev, ino, size }: fs.BigIntStats): FileState => ({
  device: dev,
  inode: ino,
  size: Number(size),
});

export const spaceOf = ({ bavail, blocks, bsize }: fs.StatsFs): DiskSpace => ({
  freeBytes: bavail * bsize,
  totalBytes: blocks * bsize,
});

/** Whether both are one file, under whatever names. */
export const isSameFile = (one: FileState, other: FileState): boolean =>
  one.device === other.device && one.inode === other.inode;

/** The real ones, on plain descriptors: a FileHandle costs a promise more on the hot path. */
export const nodeLogFiles: LogFiles = {
  open: promisify(fs.open),
  close: promisify(fs.close),
  stat: async (path) => fileState(await fs.promises.stat(path, { bigint: true })),
  fstat: async (fd) => fileState(await fstat(fd, { bigint: true })),
  read: async (fd, into, position) => (await read(fd, into, 0, into.length, position)).bytesRead,
  // Not by promisify: what its object and its function cost is 6 µs a commit, 2 % of a lone append.
  write: (fd, bytes, position) =>
    new Promise((resolve, reject) => {
      fs.write(fd, bytes, 0, bytes.length, position, (error, written) => {
        if (error === null) resolve(written);
        else reject(error);
      });
    }),
  fdatasync: promisify(fs.fdatasync),
  fsync: promisify(fs.fsync),
  truncate: promisify(fs.ftruncate),
  rename: fs.promises.rename,
  unlink: fs.promises.unlink,
  chmod: fs.promises.chmod,
  mkdir: async (path) => {
    await fs.promises.mkdir(path, { recursive: true });
  },
  readdir: (path) => fs.promises.readdir(path),
  diskSpace: async (path) => spaceOf(await promisify(fs.statfs)(path)),
};

/**
 * Reads exactly `length` bytes, into a buffer of at least that length if one is given.
 * @throws when the file ends before.
 */
export async function readExactly(
  files: LogFiles,
  fd: number,
  range: { readonly position: number; readonly length: number; readonly into?: Buffer },
): Promise<Buffer> {
  const bytes = range.into ?? Buffer.allocUnsafe(range.length);
  for (let done = 0; done < range.length;) {
    const count = await files.read(fd, bytes.subarray(done, range.length), range.position + done);
    if (count === 0) throw new Error(`the file ends at ${range.position + done}, too early`);
    done += count;
  }
  return bytes.length === range.length ? bytes : bytes.subarray(0, range.length);
}

/** Writes all of `bytes`, however often the system takes only a part. @throws when it takes none. */
export async function writeFully(
  files: LogFiles,
  fd: number,
  at: { readonly position: number; readonly bytes: Buffer },
): Promise<void> {
  for (let done = 0; done < at.bytes.length;) {
    const count = await files.write(fd, at.bytes.subarray(done), at.position + done);
    if (count === 0) throw new Error(`nothing can be written at ${at.position + done}`);
    done += count;
  }
}

/** Makes the names in a directory durable. */
export async function syncDirectory(files: LogFiles, path: string): Promise<void> {
  const fd = await files.open(path, 'r');
  try {
    await files.fsync(fd);
  } finally {
    await files.close(fd);
  }
}

/**
 * Puts a whole file in its place, durably: under another name first, so that a crash leaves the old one or
 * the new one. The pieces are written as they come.
 */
export async function replaceFile(
  files: LogFiles,
  path: string,
  pieces: Iterable<Buffer> | AsyncIterable<Buffer>,
): Promise<void> {
  const temporary = `${path}.new`;
  const fd = await files.open(temporary, 'w');
  try {
    let position = 0;
    for await (const bytes of pieces) {
      await writeFully(files, fd, { position, bytes });
      position += bytes.length;
    }
    await files.fsync(fd);
  } finally {
    await files.close(fd);
  }
  await files.rename(temporary, path);
  await syncDirectory(files, dirname(path));
}
