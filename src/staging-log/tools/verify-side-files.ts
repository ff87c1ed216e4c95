import { join } from 'node:path';
import type { FindingListener, LogFinding } from './log-finding.js';
import type { LogFiles } from '../files/log-files.js';
import {
  ARCHIVE,
  archivePath,
  archiveSumsPath,
  readLayout,
  segmentPath,
  sumsPath,
  type LogLayout,
  type SegmentEntry,
} from '../files/log-layout.js';
import type { LogAsItIs } from './open-log-reader.js';
import { readSums, type PackedBlock, type Sums } from '../blocks/sums-file.js';
import { segmentEnds, type SegmentEnds } from './segment-ends.js';
import { verifyIdFiles } from './verify-id-files.js';

const damage = (message: string): LogFinding => ({ kind: 'damage', message });
const note = (message: string): LogFinding => ({ kind: 'note', message });

const REPAIR = 'npm run log -- repair';
const SIDE_FILE = /^(\d{20})\.(?:sums|ids|loaded)$/;

/** A segment as its checksums and its neighbours tell of it. */
interface SegmentFacts extends SegmentEntry {
  /** By right: where the next segment begins. Of the last one what it is sealed with, or null. */
  readonly length: number | null;
  readonly sums: Sums | null;
  /** Its side files are being completed, or will be at the next start. */
  readonly sealing: boolean;
}

interface Place {
  readonly files: LogFiles;
  readonly directory: string;
}

/**
 * Looks at everything that stands beside the records.
 * @param end of the records that count
 * @returns how many bytes of the segments before `end` have no checksum.
 */
export async function verifySideFiles(
  { files, directory, tornBytes }: LogAsItIs,
  end: number,
  tell: FindingListener,
): Promise<number> {
  const place = { files, directory };
  const layout = await readLayout(files, directory);
  const endOf = segmentEnds(layout);
  let [unproved, sealing] = [0, true];
  for (const entry of layout.segments.toReversed()) {
    const looked = await lookUnlessRetired(place, endOf, { entry, sealing });
    if (looked === null) continue;
    const { facts, findings } = looked;
    for (const finding of findings) tell(finding);
    ({ sealing } = facts);
    const length = Math.min(facts.length ?? Infinity, end - facts.first);
    unproved += uncovered(facts.sums, Math.max(0, length));
  }
  if (tornBytes > 0) {
    const where = `${tornBytes} bytes without a line end stand behind offset ${end}`;
    tell(note(`${where}: the next start cuts them off and keeps them aside`));
  }
  await verifyIdFiles(place, layout, tell);
  await verifyNames(place, layout, tell);
  return unproved;
}

interface Looked {
  readonly facts: SegmentFacts;
  readonly findings: readonly LogFinding[];
}

interface ToLookAt {
  readonly entry: SegmentEntry;
  /** Whether all segments behind it are not sealed yet. */
  readonly sealing: boolean;
}

/** What looks like damage may be retention at work: then the segment is an archive now, or gone (null). */
async function lookUnlessRetired(
  place: Place,
  endOf: SegmentEnds,
  { entry, sealing }: ToLookAt,
): Promise<Looked | null> {
  const looked = await lookAtSegment(place, endOf, { entry, sealing });
  if (looked.findings.length === 0) return looked;
  const now = await findEntry(place, entry.first);
  if (now === null) return null;
  if (now.archived === entry.archived) return looked;
  return lookUnlessRetired(place, endOf, { entry: now, sealing });
}

/** By its names alone: looking at all of the directory for each segment takes too long where many have findings. */
async function findEntry({ files, directory }: Place, first: number): Promise<SegmentEntry | null> {
  if ((await sizeOf(files, segmentPath(directory, first))) !== null) {
    return { first, archived: false };
  }
  const archived = (await sizeOf(files, archivePath(directory, first))) !== null;
  return archived ? { first, archived } : null;
}

async function lookAtSegment(
  place: Place,
  endOf: SegmentEnds,
  { entry, sealing: behind }: ToLookAt,
): Promise<Looked> {
  const { files, directory } = place;
  const { first, archived } = entry;
  const path = archived ? archiveSumsPath(directory, first) : sumsPath(directory, first);
  const sums = await readSums(files, path);
  const sealing = behind && !archived && (sums?.sealedLength ?? null) === null;
  const next = endOf(first);
  const length = next === null ? (sums?.sealedLength ?? null) : next - first;
  const facts = { ...entry, length, sums, sealing };
  const findings: LogFinding[] = [];
  const tell = (finding: LogFinding): void => void findings.push(finding);
  if (next !== null || archived || !sealing) verifySums(facts, path, tell);
  else if ((sums?.damagedLines ?? 0) > 0) tell(note(`${path} has damaged lines: ${ANEW}`));
  await (archived ? verifyArchive : verifyLength)(place, facts, tell);
  return { facts, findings };
}

const ANEW = 'what is lost of it is made anew at the next start';

function uncovered(sums: Sums | null, length: number): number {
  let covered = 0;
  for (const block of sums?.blocks ?? []) {
    covered += Math.max(0, Math.min(block.start + block.length, length) - block.start);
  }
  return length - covered;
}

function verifySums(
  { sums, sealing, archived, length }: SegmentFacts,
  path: string,
  tell: FindingListener,
): void {
  const remedy = archived ? 'restore it from a backup' : REPAIR;
  if (sealing) {
    tell(note(`${path} is not complete: the segment is being sealed, or will be at a start`));
  } else if (sums === null) {
    tell(damage(`${path} is missing: its blocks have no checksums; ${remedy}`));
  } else if (sums.damagedLines > 0 || sums.sealedLength === null) {
    const lines = `${path} is damaged (${sums.damagedLines} lines, last line`;
    const last = sums.sealedLength === null ? 'missing' : 'there';
    tell(damage(`${lines} ${last}): blocks have no checksums; ${remedy}`));
  } else if (sums.sealedLength !== length) {
    const behind = `but the next segment begins ${String(length)} bytes behind its beginning`;
    const what = sums.sealedLength < (length ?? 0) ? 'one is missing between' : 'they overlap';
    tell(damage(`${path} tells of ${sums.sealedLength} bytes, ${behind}: ${what}`));
  }
}

/** Bytes behind the end belong to nobody. Those that are missing are found by reading. */
async function verifyLength(
  { files, directory }: Place,
  { first, length, sums }: SegmentFacts,
  tell: FindingListener,
): Promise<void> {
  const end = sums?.sealedLength ?? length;
  if (end === null) return;
  const path = segmentPath(directory, first);
  const size = await sizeOf(files, path);
  if (size === null || size <= end) return;
  const what = `${size - end} bytes stand behind the end of the sealed segment ${path}`;
  tell(damage(`${what}: they are never read; look at them, then: truncate -s ${end} ${path}`));
}

/** The members of the .gz must stand side by side, or `zcat` gives something else than the log does. */
async function verifyArchive(
  { files, directory }: Place,
  { first, sums }: SegmentFacts,
  tell: FindingListener,
): Promise<void> {
  const path = archivePath(directory, first);
  const size = await sizeOf(files, path);
  if (size === null || sums === null) return;
  let end = 0;
  for (const block of sums.blocks as readonly Partial<PackedBlock>[]) {
    if (block.place !== end) {
      tell(damage(`${path}: what stands at ${end} is in none of its blocks`));
      return;
    }
    end = block.place + (block.packed ?? 0);
  }
  if (size > end) tell(damage(`${size - end} bytes stand behind the last block of ${path}`));
}

async function sizeOf(files: LogFiles, path: string): Promise<number | null> {
  try {
    return (await files.stat(path)).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // retired meanwhile
    throw error;
  }
}

/** Files that a crash left, and those that belong to no segment. */
async function verifyNames(
  { files, directory }: Place,
  { segments, leftovers }: LogLayout,
  tell: FindingListener,
): Promise<void> {
  for (const name of leftovers) {
    tell(note(`${join(directory, name)} is unfinished: it is removed at the next start`));
  }
  const names = await files.readdir(directory);
  const plain = new Set(segments.filter(({ archived }) => !archived).map(({ first }) => first));
  for (const name of names) {
    const first = SIDE_FILE.exec(name)?.[1];
    if (first === undefined || plain.has(Number(first))) continue;
    tell(note(`${join(directory, name)} belongs to no segment that is there`));
  }
  const packed = names.includes(ARCHIVE) ? await files.readdir(join(directory, ARCHIVE)) : [];
  for (const name of packed.filter((one) => one.endsWith('.jsonl.gz'))) {
    if (!plain.has(Number.parseInt(name, 10))) continue;
    tell(note(`${join(directory, ARCHIVE, name)}: its segment is still there, and counts`));
  }
}
