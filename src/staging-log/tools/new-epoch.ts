import { join } from 'node:path';
import { carryIds, carryRecords } from './carry-records.js';
import { EPOCH_FILE, UNFINISHED } from '../files/epoch-files.js';
import { findBorders } from './find-borders.js';
import { openLogDirectory, requireIdentity } from '../files/log-directory.js';
import { nodeLogFiles, replaceFile, syncDirectory, type LogFiles } from '../files/log-files.js';
import { stagingDirectory } from '../files/log-layout.js';
import { openLogAsItIs, type LogAsItIs } from './open-log-reader.js';
import { toOffset, type DamagedChunk } from '../staging-log.port.js';
import { readWhole } from '../blocks/sums-file.js';

/** What `epoch.json` of a log tells of the one before it. Offsets are of that one. */
export interface Epoch {
  readonly identity: string;
  readonly previousIdentity: string;
  readonly previousStart: number;
  readonly previousEnd: number;
  /** Where the records that were carried begin; null when none were. */
  readonly carriedFrom: number | null;
  readonly carriedBytes: number;
  /** What of them was damaged, and so was not carried. */
  readonly leftOut: readonly Pick<DamagedChunk, 'offset' | 'next' | 'code'>[];
  /** The directory beside `staging` in which the log before is kept. */
  readonly setAside: string;
  /** When, as ISO 8601. */
  readonly at: string;
  readonly reason: string | null;
}

export interface NewEpochOptions {
  /** Its caller owns it. */
  readonly dataDir: string;
  /** A record border of the log; null: nothing is carried. */
  readonly carryFrom: number | null;
  readonly reason: string | null;
  readonly segmentBytesMax: number;
  readonly dedupeIdsMax: number;
  readonly dedupeWindowSeconds: number;
  readonly report: (level: 'info' | 'warn' | 'error', message: string) => void;
  readonly files?: LogFiles;
}

/**
 * `begun`: by this call. `finished`: a call before was cut off at its last step, which is done now;
 * nothing of this call's arguments counts. `refused`: nothing was done.
 */
export type NewEpoch =
  | { readonly kind: 'begun' | 'finished'; readonly epoch: Epoch }
  | { readonly kind: 'refused'; readonly message: string };

/**
 * Puts a log aside, and begins one with a new identity, and with the records of the old one from an offset
 * on, as they are. It knows all ids that the old one knew. The new log is built beside and synced before
 * the old one is touched. A crash leaves the old log in place, or the new one, or, between two renames,
 * neither: then the next call puts the new one there.
 * @throws LogDirectoryError when there is no log, and errors of the system; then a call again begins anew.
 */
export async function beginNewEpoch(options: NewEpochOptions): Promise<NewEpoch> {
  const { files = nodeLogFiles, dataDir, carryFrom } = options;
  const finished = await finishEpoch(files, dataDir);
  if (finished !== null) return finished;
  const old = await openLogAsItIs(stagingDirectory(dataDir), null, files);
  let epoch: Epoch;
  try {
    const refusal = carryFrom === null ? null : await refuse(old, carryFrom);
    if (refusal !== null) return { kind: 'refused', message: refusal };
    epoch = await build(old, options);
  } finally {
    await old.close();
  }
  await files.rename(stagingDirectory(dataDir), join(dataDir, epoch.setAside));
  await syncDirectory(files, dataDir);
  await putInPlace(files, dataDir);
  return { kind: 'begun', epoch };
}

async function refuse(old: LogAsItIs, carryFrom: number): Promise<string | null> {
  const [start, end] = [old.log.startOffset(), old.log.endOffset()];
  if (carryFrom < start || carryFrom > end) {
    return `the log goes from offset ${start} to ${end}, so nothing can be carried from ${carryFrom}`;
  }
  const { before, after } = await findBorders(old, carryFrom);
  if (before === carryFrom) return null;
  return `no record begins at offset ${carryFrom}; the nearest ones begin at ${before} and ${after}`;
}

/** Makes the whole new log beside, durably. `epoch.json` comes last: with it, the rest is there. */
async function build(old: LogAsItIs, options: NewEpochOptions): Promise<Epoch> {
  const { files } = old;
  const { dataDir, carryFrom, reason } = options;
  const directory = join(dataDir, UNFINISHED);
  await files.mkdir(directory);
  for (const name of await files.readdir(directory)) await files.unlink(join(directory, name));
  const identity = await openLogDirectory(files, directory);
  const previousEnd = old.log.endOffset();
  const from = toOffset(carryFrom ?? previousEnd);
  await carryIds(old, from, { ...options, directory });
  const carried = await carryRecords(old, from, { ...options, directory });
  const previousIdentity = old.log.identity;
  const at = new Date().toISOString();
  const epoch: Epoch = {
    ...{ identity, previousIdentity, previousStart: old.log.startOffset(), previousEnd },
    ...{ carriedFrom: carryFrom, carriedBytes: carried.bytes, leftOut: carried.leftOut },
    ...{ setAside: `staging.${previousIdentity}.${at.replace(/[-:.]/g, '')}`, at, reason },
  };
  const text = `${JSON.stringify(epoch, null, 2)}\n`;
  await replaceFile(files, join(directory, EPOCH_FILE), [Buffer.from(text)]);
  await syncDirectory(files, dataDir);
  return epoch;
}

async function putInPlace(files: LogFiles, dataDir: string): Promise<void> {
  await files.rename(join(dataDir, UNFINISHED), stagingDirectory(dataDir));
  await syncDirectory(files, dataDir);
}

/** Does the last step of a call that was cut off before it; null when there is none. */
async function finishEpoch(files: LogFiles, dataDir: string): Promise<NewEpoch | null> {
  const unfinished = join(dataDir, UNFINISHED);
  const bytes = await readWhole(files, join(unfinished, EPOCH_FILE));
  if (bytes === null) return null;
  const epoch = JSON.parse(bytes.toString()) as Epoch;
  const names = await files.readdir(dataDir);
  // Built, but the old log is in place still, and may have gone on since: built anew then.
  if (!names.includes(epoch.setAside)) return null;
  if (names.includes('staging')) {
    const identity = await requireIdentity(files, stagingDirectory(dataDir));
    if (identity === epoch.identity) return null;
    const message = `the new epoch ${epoch.identity} was cut off before its last step, and another log, ${identity}, was begun in its place since; the records that it carries are in no log: with the application stopped, move ${unfinished} to another name, and send its records to the application as events (docs/operations.md, "A new epoch that was cut off")`;
    return { kind: 'refused', message };
  }
  await putInPlace(files, dataDir);
  return { kind: 'finished', epoch };
}
