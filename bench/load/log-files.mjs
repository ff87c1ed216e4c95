import { createReadStream, readdirSync } from 'node:fs';
import { join } from 'node:path';

const PIECE_BYTES = 1024 * 1024;

/** The files of records of a staged log, in order. */
export function logFiles(dataDir) {
  const directory = join(dataDir, 'staging');
  const names = readdirSync(directory).filter((name) => name.endsWith('.jsonl'));
  return names.sort().map((name) => join(directory, name));
}

/** The first `bytes` of them, as they are, in pieces that end anywhere. */
export async function* readLogFiles(dataDir, bytes) {
  let left = bytes;
  for (const path of logFiles(dataDir)) {
    if (left === 0) return;
    for await (const piece of createReadStream(path, {
      end: left - 1,
      highWaterMark: PIECE_BYTES,
    })) {
      left -= piece.length;
      yield piece;
    }
  }
}
