import { findLastSegment } from '../segments/find-last-segment.js';
import { readExactly, type LogFiles } from '../files/log-files.js';
import { readLayout, segmentPath } from '../files/log-layout.js';

const WINDOW_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** Where a log that nobody has open ends, and how many bytes without a line end stand behind it. */
export interface LogEnd {
  readonly end: number;
  readonly tornBytes: number;
}

/**
 * The end that the next start would tell, found without changing anything: behind the last whole record,
 * or, where acknowledged bytes are gone, behind those.
 */
export async function findLogEnd(files: LogFiles, directory: string): Promise<LogEnd> {
  const last = await findLastSegment(files, directory, await readLayout(files, directory));
  if (last.kind === 'ended') return { end: last.end, tornBytes: 0 };
  const { first, blocks } = last;
  const covered = blocks.at(-1);
  const { size, lineEnd } = await lastLineEnd(files, segmentPath(directory, first));
  // Nothing that a checksum covers is a torn tail, whatever became of its bytes.
  const end = Math.max(lineEnd, (covered?.start ?? 0) + (covered?.length ?? 0));
  return { end: first + end, tornBytes: size - end };
}

async function lastLineEnd(
  files: LogFiles,
  path: string,
): Promise<{ readonly size: number; readonly lineEnd: number }> {
  const fd = await files.open(path, 'r');
  try {
    const { size } = await files.fstat(fd);
    for (let end = size; end > 0;) {
      const position = Math.max(0, end - WINDOW_BYTES);
      const bytes = await readExactly(files, fd, { position, length: end - position });
      const newline = bytes.lastIndexOf(NEWLINE);
      if (newline >= 0) return { size, lineEnd: position + newline + 1 };
      end = position;
    }
    return { size, lineEnd: 0 };
  } finally {
    await files.close(fd);
  }
}
