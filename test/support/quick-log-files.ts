import * as fs from 'node:fs';
import {
  nodeLogFiles,
  spaceOf,
  type FileState,
  type LogFiles,
} from '../../src/staging-log/files/log-files.js';

const fileState = ({ dev, ino, size }: fs.BigIntStats): FileState => ({
  device: dev,
  inode: ino,
  size: Number(size),
});

/**
 * The real files by calls that do not leave the thread: where a log is opened ten thousand times, the
 * ways to other threads are most of the time.
 */
export const quickLogFiles: LogFiles = {
  ...nodeLogFiles,
  open: (path, flags) => now(() => fs.openSync(path, flags)),
  close: (fd) => now(() => fs.closeSync(fd)),
  stat: (path) => now(() => fileState(fs.statSync(path, { bigint: true }))),
  fstat: (fd) => now(() => fileState(fs.fstatSync(fd, { bigint: true }))),
  read: (fd, into, position) => now(() => fs.readSync(fd, into, 0, into.length, position)),
  write: (fd, bytes, position) => now(() => fs.writeSync(fd, bytes, 0, bytes.length, position)),
  fdatasync: (fd) => now(() => fs.fdatasyncSync(fd)),
  fsync: (fd) => now(() => fs.fsyncSync(fd)),
  truncate: (fd, length) => now(() => fs.ftruncateSync(fd, length)),
  rename: (from, to) => now(() => fs.renameSync(from, to)),
  unlink: (path) => now(() => fs.unlinkSync(path)),
  chmod: (path, mode) => now(() => fs.chmodSync(path, mode)),
  mkdir: (path) => now(() => void fs.mkdirSync(path, { recursive: true })),
  readdir: (path) => now(() => fs.readdirSync(path)),
  diskSpace: (path) => now(() => spaceOf(fs.statfsSync(path))),
};

/** What is thrown is a rejection, as from the calls that wait. */
async function now<T>(call: () => T): Promise<T> {
  return await Promise.resolve().then(call);
}
