import { readExactly, type LogFiles } from '../files/log-files.js';
import { archiveSumsPath, sumsPath, type SegmentEntry } from '../files/log-layout.js';
import { parseSums } from '../blocks/sums-file.js';

/** Longer than the last line can be. */
const TAIL_BYTES = 256;

/**
 * The length that a segment was sealed with, read from the last line of its checksums alone; null when it
 * is not sealed, or that line is damaged.
 */
export async function readSealedLength(
  files: LogFiles,
  directory: string,
  { first, archived }: SegmentEntry,
): Promise<number | null> {
  const path = archived ? archiveSumsPath(directory, first) : sumsPath(directory, first);
  let fd: number;
  try {
    fd = await files.open(path, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const { size } = await files.fstat(fd);
    const length = Math.min(size, TAIL_BYTES);
    const tail = await readExactly(files, fd, { position: size - length, length });
    const text = tail.toString('latin1');
    return parseSums(text.slice(text.lastIndexOf('\n', text.length - 2) + 1)).sealedLength;
  } finally {
    await files.close(fd);
  }
}
