import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { openLogAsItIs, type LogAsItIs } from '../../../src/staging-log/tools/open-log-reader.js';
import { verifyLog, type VerifiedLog } from '../../../src/staging-log/tools/verify-log.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

/** What verifying a log told. */
export interface Verdict extends VerifiedLog {
  readonly damage: readonly string[];
  readonly notes: readonly string[];
}

/** So many records with ids, each by a commit of its own and a second after the one before. */
export async function fillLog(bench: StagingLogWorkbench, count: number, from = 0): Promise<void> {
  const log = await bench.open();
  bench.now ??= 1_700_000_000_000;
  for (let n = from; n < from + count; n++) {
    await appendAll(log, record(n, `id ${n}`));
    bench.passTime(1_000);
  }
  await log.close();
}

/** Looks at a log that nobody has open. */
export async function lookAt<T>(
  directory: string,
  look: (opened: LogAsItIs) => Promise<T>,
  durableEnd: (() => number) | null = null,
): Promise<T> {
  const opened = await openLogAsItIs(directory, durableEnd);
  try {
    return await look(opened);
  } finally {
    await opened.close();
  }
}

export function verifyAt(
  directory: string,
  durableEnd: (() => number) | null = null,
): Promise<Verdict> {
  const told: { kind: string; message: string }[] = [];
  const messages = (kind: string): string[] =>
    told.filter((finding) => finding.kind === kind).map(({ message }) => message);
  const verify = async (opened: LogAsItIs): Promise<Verdict> => {
    const listener = {
      onFinding: (finding: (typeof told)[number]): void => void told.push(finding),
      onProgress: (): void => undefined,
    };
    const verified = await verifyLog(opened, listener);
    return { ...verified, damage: messages('damage'), notes: messages('note') };
  };
  return lookAt(directory, verify, durableEnd);
}

/** The names in a directory, each with the hash of its bytes. */
export async function hashesOf(directory: string): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const name of (await readdir(directory)).sort()) {
    const bytes = await readFile(join(directory, name));
    hashes[name] = createHash('sha256').update(bytes).digest('hex');
  }
  return hashes;
}

/** All bytes of a log with nothing but plain segments. */
export async function bytesOf(directory: string): Promise<Buffer> {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  return Buffer.concat(await Promise.all(names.map((name) => readFile(join(directory, name)))));
}
