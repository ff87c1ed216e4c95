import { nodeLogFiles } from '../staging-log/log-tools.port.js';

type LogFiles = typeof nodeLogFiles;

/** The files of the system, which tell how many bytes were written to segments so far. */
export function watchSegments(onWritten: (bytes: number) => void): LogFiles {
  const segments = new Set<number>();
  let total = 0;
  return {
    ...nodeLogFiles,
    open: async (path, flags) => {
      const fd = await nodeLogFiles.open(path, flags);
      // The system gives the number of a closed file to another one.
      if (path.endsWith('.jsonl')) segments.add(fd);
      else segments.delete(fd);
      return fd;
    },
    write: async (fd, bytes, position) => {
      const written = await nodeLogFiles.write(fd, bytes, position);
      if (segments.has(fd)) onWritten((total += written));
      return written;
    },
  };
}
