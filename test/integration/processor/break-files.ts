import { copyFile, open, readdir, readFile, rename, rm, truncate } from 'node:fs/promises';
import { join } from 'node:path';

/** Undoes what was broken, byte for byte. */
export type Restore = () => Promise<void>;

/** Changes one byte of a file in place. */
export async function flipByte(path: string, position: number): Promise<Restore> {
  const byte = (await readFile(path))[position];
  if (byte === undefined) throw new RangeError(`${path} has no byte ${position}`);
  await writeByte(path, position, byte ^ 0x01);
  return () => writeByte(path, position, byte);
}

/** Cuts the end off. */
export async function cutFile(path: string, length: number): Promise<Restore> {
  const kept = `${path}.kept`;
  await copyFile(path, kept);
  await truncate(path, length);
  return () => rename(kept, path);
}

export async function takeFile(path: string): Promise<Restore> {
  const kept = `${path}.kept`;
  await copyFile(path, kept);
  await rm(path);
  return () => rename(kept, path);
}

/** The offsets at which the segments of a log begin, in order. */
export async function segmentStarts(dataDir: string): Promise<number[]> {
  const names = (await readdir(join(dataDir, 'staging'))).filter((name) =>
    /^\d+\.jsonl$/.test(name),
  );
  return names.map((name) => parseInt(name, 10)).sort((a, b) => a - b);
}

export const segmentAt = (dataDir: string, first: number): string =>
  join(dataDir, 'staging', `${String(first).padStart(20, '0')}.jsonl`);

async function writeByte(path: string, position: number, byte: number): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.write(Buffer.from([byte]), 0, 1, position);
  } finally {
    await file.close();
  }
}
