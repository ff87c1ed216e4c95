import { nodeLogFiles } from '../staging-log/log-tools.port.js';

type LogFiles = typeof nodeLogFiles;

/** The files of the system, which tell how many bytes were written to segments so far. */
export function watchSegments(onWritten: (bytes: number) => void): LogFiles {
  const { open, isOpen } = watchOpen(/\.jsonl$/);
  let total = 0;
  return {
    ...nodeLogFiles,
    open,
    write: async (fd, bytes, position) => {
      const written = await nodeLogFiles.write(fd, bytes, position);
      if (isOpen(fd)) onWritten((total += written));
      return written;
    },
  };
}

/** The files of the system, which tell of each read of a segment, or of a file of ids, how many bytes it was. */
export function watchReads(onRead: (bytes: number) => void): LogFiles {
  const { open, isOpen } = watchOpen(/\.(?:jsonl|ids)$/);
  return {
    ...nodeLogFiles,
    open,
    read: async (fd, into, position) => {
      const read = await nodeLogFiles.read(fd, into, position);
      if (isOpen(fd)) onRead(read);
      return read;
    },
  };
}

/** Remembers which files are open that have such a name. */
function watchOpen(name: RegExp): {
  readonly open: LogFiles['open'];
  readonly isOpen: (fd: number) => boolean;
} {
  const watched = new Set<number>();
  return {
    open: async (path, flags) => {
      const fd = await nodeLogFiles.open(path, flags);
      // The system gives the number of a closed file to another one.
      if (name.test(path)) watched.add(fd);
      else watched.delete(fd);
      return fd;
    },
    isOpen: (fd) => watched.has(fd),
  };
}
