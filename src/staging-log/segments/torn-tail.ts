import { join } from 'node:path';
import { readExactly, writeFully, type LogFiles } from '../files/log-files.js';

const WINDOW_BYTES = 64 * 1024;
const NEWLINE = 0x0a;

/** No space left, or none within the quota. */
const NO_ROOM = ['ENOSPC', 'EDQUOT'];

/** A last line without its line end: where it began, how long it was, and where it was kept. */
export interface TornTail {
  readonly offset: number;
  readonly bytes: number;
  /** Null when the disk had no room for it. */
  readonly keptAs: string | null;
}

/**
 * Cuts a segment back to its last line end, even when what follows is complete JSON: it was never
 * acknowledged, and the next record must not run into it. The bytes are kept in a file beside the
 * segment, unless the disk is full: nobody was promised them, and a full disk must not keep the log
 * from opening. Returns null when there was nothing to cut.
 * @param covered how much of the segment has checksums: it was acknowledged, so whatever became of its line
 * ends, it stays.
 */
export async function cutTornTail(
  files: LogFiles,
  fd: number,
  {
    directory,
    first,
    covered,
  }: { readonly directory: string; readonly first: number; readonly covered: number },
): Promise<TornTail | null> {
  const { size } = await files.fstat(fd);
  const end = await endOfLastLine(files, fd, { from: covered, to: size });
  if (end === size) return null;
  const path = join(directory, `torn-${first + end}-${Date.now()}.bytes`);
  const keptAs = (await copyTail(files, fd, { from: end, to: size, path })) ? path : null;
  await files.truncate(fd, end);
  await files.fsync(fd);
  return { offset: first + end, bytes: size - end, keptAs };
}

async function endOfLastLine(
  files: LogFiles,
  fd: number,
  { from, to }: { readonly from: number; readonly to: number },
): Promise<number> {
  for (let end = to; end > from;) {
    const position = Math.max(from, end - WINDOW_BYTES);
    const bytes = await readExactly(files, fd, { position, length: end - position });
    const newline = bytes.lastIndexOf(NEWLINE);
    if (newline >= 0) return position + newline + 1;
    end = position;
  }
  return from;
}

interface Tail {
  readonly from: number;
  readonly to: number;
  readonly path: string;
}

/** @returns false when there is no room for a copy. */
async function copyTail(files: LogFiles, fd: number, tail: Tail): Promise<boolean> {
  let copy: number | null = null;
  try {
    copy = await files.open(tail.path, 'w');
    await copyBytes(files, { from: fd, to: copy }, tail);
    return true;
  } catch (error) {
    if (!NO_ROOM.includes((error as NodeJS.ErrnoException).code ?? '')) throw error;
    if (copy !== null) await files.truncate(copy, 0); // half a copy only fills the disk further
    return false;
  } finally {
    if (copy !== null) await files.close(copy);
  }
}

async function copyBytes(
  files: LogFiles,
  fds: { readonly from: number; readonly to: number },
  tail: Tail,
): Promise<void> {
  for (let position = tail.from; position < tail.to; position += WINDOW_BYTES) {
    const length = Math.min(WINDOW_BYTES, tail.to - position);
    const bytes = await readExactly(files, fds.from, { position, length });
    await writeFully(files, fds.to, { position: position - tail.from, bytes });
  }
  await files.fsync(fds.to);
}
