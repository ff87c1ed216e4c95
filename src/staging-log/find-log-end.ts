import { readExactly, type LogFiles } from './log-files.js';
import { archiveSumsPath, readLayout, segmentPath, sumsPath } from './log-layout.js';
import { NO_SUMS, readSums, type Sums } from './sums-file.js';

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
  const { segments, shares, sums: withSums } = await readLayout(files, directory);
  const last = segments.at(-1);
  const orphan = withSums.at(-1);
  if (orphan !== undefined && (last === undefined || orphan > last.first)) {
    // The last segment is lost, and only its checksums tell of it.
    const sums = (await readSums(files, sumsPath(directory, orphan))) ?? NO_SUMS;
    return { end: orphan + (sums.sealedLength ?? coveredBy(sums)), tornBytes: 0 };
  }
  if (last === undefined) return { end: shares.at(-1) ?? 0, tornBytes: 0 };
  const { first, archived } = last;
  const path = archived ? archiveSumsPath(directory, first) : sumsPath(directory, first);
  const sums = (await readSums(files, path)) ?? NO_SUMS;
  const covered = coveredBy(sums);
  if (archived || sums.sealedLength !== null) {
    return { end: first + (sums.sealedLength ?? covered), tornBytes: 0 };
  }
  const { size, lineEnd } = await lastLineEnd(files, segmentPath(directory, first));
  const end = first + (size < covered ? covered : lineEnd);
  return { end, tornBytes: Math.max(0, first + size - end) };
}

function coveredBy({ blocks }: Sums): number {
  const last = blocks.at(-1);
  return last === undefined ? 0 : last.start + last.length;
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
