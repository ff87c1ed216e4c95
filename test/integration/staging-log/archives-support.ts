import { existsSync } from 'node:fs';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { archivePath, segmentPath } from '../../../src/staging-log/files/log-layout.js';
import type { RetentionAction } from '../../../src/staging-log/log-retention.port.js';
import { toOffset } from '../../../src/staging-log/staging-log.port.js';
import { openShare, writeShareFile } from '../../../src/verify/verify.port.js';
import { eventually } from '../../support/eventually.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

export const DAY_MS = 86_400_000;

/** Windows of a second, so that ids hold up nothing, and segments of some records each. */
export const createBench = (): Promise<StagingLogWorkbench> =>
  StagingLogWorkbench.create({ segmentBytesMax: 200, dedupeWindowSeconds: 1 });

/** Appends records `from` to before `to`, each in a commit of its own, and waits until all is sealed. */
export async function appendNumbers(
  log: LocalStagingLog,
  bench: StagingLogWorkbench,
  [from, to]: readonly [number, number],
): Promise<void> {
  for (let n = from; n < to; n++) await appendAll(log, record(n, `id-${n}`));
  await untilSealed(bench);
}

/** All segments but the last have their checksums and their ids. */
export async function untilSealed({ directory }: StagingLogWorkbench): Promise<void> {
  await eventually(async () => {
    const names = (await readdir(directory)).sort();
    const sealed = names.filter((name) => name.endsWith('.jsonl')).slice(0, -1);
    const sums = sealed.map((name) => join(directory, name.replace('.jsonl', '.sums')));
    const texts = await Promise.all(sums.map((path) => readFile(path, 'latin1').catch(() => '')));
    return texts.every((text) => text.includes('sealed'));
  });
}

/** Tells that all is loaded, and lets the look after that find it so for two days. */
export async function loadAll(
  log: LocalStagingLog,
  bench: StagingLogWorkbench,
  action: RetentionAction = 'archive',
): Promise<void> {
  log.noteLoaded(log.endOffset());
  await log.retention.findRetirable({ action, loadedForMs: DAY_MS });
  bench.passTime(2 * DAY_MS);
}

/** Retires the oldest segment if it is due. @returns where it began; null when none is due. */
export async function retireOne(
  log: LocalStagingLog,
  action: RetentionAction = 'archive',
): Promise<number | null> {
  const { retention } = log;
  const segment = await retention.findRetirable({ action, loadedForMs: DAY_MS });
  if (segment === null) return null;
  const { end } = segment;
  const [newest] = await retention.shares();
  if (newest === undefined || newest.offset < end) {
    const from = newest === undefined ? null : await openShare(newest.path);
    try {
      await retention.putShare(end, (path, replace) =>
        writeShareFile(
          { log, from, to: end, quarantined: [], resubmitted: new Set() },
          path,
          replace,
        ),
      );
    } finally {
      await from?.close();
    }
  }
  const [share] = await retention.shares();
  await retention.retire(segment, { action, share: share?.offset ?? toOffset(0) });
  return segment.first;
}

export interface LogNames {
  readonly plain: readonly number[];
  readonly archived: readonly number[];
  readonly shares: readonly number[];
  /** Of the side files of segments that are not there, and unfinished ones. */
  readonly left: readonly string[];
}

export async function namesIn(directory: string): Promise<LogNames> {
  const names = await readdir(directory);
  const archive = join(directory, 'archive');
  const packed = existsSync(archive) ? await readdir(archive) : [];
  const of = (all: readonly string[], extension: string): number[] =>
    all.filter((name) => name.endsWith(extension)).map((name) => Number(name.slice(0, 20))).sort((a, b) => a - b); // prettier-ignore
  const plain = of(names, '.jsonl');
  const archived = of(packed, '.jsonl.gz');
  const isLeft = (name: string, firsts: readonly number[]): boolean =>
    /\.(sums|ids|loaded)$/.test(name) && !firsts.includes(Number(name.slice(0, 20)));
  return {
    plain,
    archived,
    shares: of(names, '.share'),
    left: [
      ...[...names, ...packed].filter((name) => name.endsWith('.new')),
      ...names.filter((name) => isLeft(name, plain)),
      ...packed.filter((name) => isLeft(name, archived)),
    ],
  };
}

/** What anybody reads with zcat. */
export const unpacked = async (directory: string, first: number): Promise<string> =>
  gunzipSync(await readFile(archivePath(directory, first))).toString();

export const plain = (directory: string, first: number): Promise<string> =>
  readFile(segmentPath(directory, first), 'utf8');
