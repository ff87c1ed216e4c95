import { join } from 'node:path';
import { readExactly, writeFully, type LogFiles } from './log-files.js';

const WINDOW_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** A last line without its line end: where it began, how long it was, and where it was kept. */
export interface TornTail {
  readonly offset: number;
  readonly bytes: number;
  readonly keptAs: string;
}

/**
 * Cuts a segment back to its last line end, even when what follows is complete JSON: it was never
 * acknowledged, and the next record must not run into it. The bytes are kept in a file beside the
 * segment. Returns null when there was nothing to cut.
 */
export async function cutTornTail(
  files: LogFiles,
  fd: number,
  directory: string,
): Promise<TornTail | null> {
  const size = await files.size(fd);
  const end = await endOfLastLine(files, fd, size);
  if (end === size) return null;
  const keptAs = join(directory, `torn-${end}-${Date.now()}.bytes`);
  await copyTail(files, fd, { from: end, to: size, path: keptAs });
  await files.truncate(fd, end);
  await files.fsync(fd);
  return { offset: end, bytes: size - end, keptAs };
}

async function endOfLastLine(files: LogFiles, fd: number, size: number): Promise<number> {
  for (let end = size; end > 0;) {
    const position = Math.max(0, end - WINDOW_BYTES);
    const bytes = await readExactly(files, fd, { position, length: end - position });
    const newline = bytes.lastIndexOf(NEWLINE);
    if (newline >= 0) return position + newline + 1;
    end = position;
  }
  return 0;
}

async function copyTail(
  files: LogFiles,
  fd: number,
  tail: { readonly from: number; readonly to: number; readonly path: string },
): Promise<void> {
  const copy = await files.open(tail.path, 'w');
  try {
    for (let position = tail.from; position < tail.to; position += WINDOW_BYTES) {
      const length = Math.min(WINDOW_BYTES, tail.to - position);
      const bytes = await readExactly(files, fd, { position, length });
      await writeFully(files, copy, { position: position - tail.from, bytes });
    }
    await files.fsync(copy);
  } finally {
    await files.close(copy);
  }
}
