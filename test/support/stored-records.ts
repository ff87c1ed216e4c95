import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The records in the staging log of a data directory, read from its files as anybody could. */
export async function storedRecords({
  dataDir,
}: {
  readonly dataDir: string;
}): Promise<Record<string, unknown>[]> {
  const directory = join(dataDir, 'staging');
  const segments = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  const texts = await Promise.all(segments.map((name) => readFile(join(directory, name), 'utf8')));
  const lines = texts.join('').split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as Record<string, unknown>);
}
