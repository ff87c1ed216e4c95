import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { INHERITED_FILE } from '../files/epoch-files.js';
import { readIdFileHeader } from '../ids/id-file.js';
import type { FindingListener } from './log-finding.js';
import { readExactly, type LogFiles } from '../files/log-files.js';
import { LOG_KEY_FILE } from '../ids/log-key.js';
import { idsPath, segmentPath, type LogLayout } from '../files/log-layout.js';
import { SIP_KEY_BYTES } from '../ids/sip-hash.js';
import { readWhole } from '../blocks/sums-file.js';
import { segmentEnds } from './segment-ends.js';

const WINDOW_BYTES = 1024 * 1024;
const CRC_BYTES = 4;
const KEY_LINE = new RegExp(`^[0-9a-f]{${SIP_KEY_BYTES * 2}}\\n?$`);
/** Any file was made under bounds as wide as these. */
const NO_BOUNDS = { idsMax: 0, windowSeconds: 0 };

interface Place {
  readonly files: LogFiles;
  readonly directory: string;
}

/** A file of ids that a start cannot use as it is. */
export interface IdFileFault {
  readonly path: string;
  /** `outdated`: sound, but made with another key. */
  readonly kind: 'missing' | 'outdated' | 'damaged';
  readonly reason: string;
  /** Of the log before this one: there is no segment to read its ids from. */
  readonly inherited: boolean;
}

/** Tells of the key of the ids, and of files that do not belong to their segment or match their checksum. */
export async function verifyIdFiles(
  place: Place,
  layout: LogLayout,
  tell: FindingListener,
): Promise<void> {
  const { state, path: keyPath } = await readKey(place);
  if (state !== 'sound') {
    const what = state === 'missing' ? 'is missing' : 'does not hold a key';
    const message = `${keyPath} ${what}: the next start makes a new one, and reads ids from the segments`;
    tell({ kind: state === 'missing' ? 'note' : 'damage', message });
  }
  for await (const { path, kind, reason, inherited } of findIdFaults(place, layout)) {
    const what = kind === 'missing' ? 'is missing' : `cannot be used (${reason})`;
    const remedy = inherited
      ? 'ids of the log before are not known; restore it from a backup'
      : 'its ids are read from the segment instead, when a start needs them';
    tell({ kind: kind === 'damaged' ? 'damage' : 'note', message: `${path} ${what}: ${remedy}` });
  }
}

export async function* findIdFaults(place: Place, layout: LogLayout): AsyncGenerator<IdFileFault> {
  const { files, directory } = place;
  const { key } = await readKey(place);
  const inherited = join(directory, INHERITED_FILE);
  const lost = await findFault(files, inherited, { key, bounds: NO_BOUNDS, first: 0, length: 0 });
  if (lost !== null && lost.kind !== 'missing') yield { ...lost, path: inherited, inherited: true };
  const endOf = segmentEnds(layout);
  for (const { first, archived } of layout.segments) {
    const end = endOf(first);
    if (archived || end === null) continue;
    const path = idsPath(directory, first);
    const expected = { key, bounds: NO_BOUNDS, first, length: end - first };
    const fault = await findFault(files, path, expected);
    if (fault === null || !(await isThere(files, segmentPath(directory, first)))) continue;
    yield { ...fault, path, inherited: false };
  }
}

/** Not when it was retired meanwhile, and its ids with it. */
async function isThere(files: LogFiles, path: string): Promise<boolean> {
  try {
    await files.stat(path);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return false;
    throw error;
  }
}

/** Without a sound one, a key that no file was made with. */
async function readKey({ files, directory }: Place): Promise<{
  readonly path: string;
  readonly state: 'sound' | 'missing' | 'damaged';
  readonly key: Buffer;
}> {
  const path = join(directory, LOG_KEY_FILE);
  const line = (await readWhole(files, path))?.toString('latin1') ?? null;
  if (line !== null && KEY_LINE.test(line)) {
    return { path, state: 'sound', key: Buffer.from(line.trim(), 'hex') };
  }
  return { path, state: line === null ? 'missing' : 'damaged', key: Buffer.alloc(SIP_KEY_BYTES) };
}

/** What keeps a file from being used, or null. */
async function findFault(
  files: LogFiles,
  path: string,
  expected: Parameters<typeof readIdFileHeader>[2],
): Promise<Pick<IdFileFault, 'kind' | 'reason'> | null> {
  const state = await readIdFileHeader(files, path, expected);
  if (state.kind === 'missing' || state.kind === 'damaged') return state;
  const reason = await findWrongByte(files, path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null; // retired meanwhile
    throw error;
  });
  if (reason !== null) return { kind: 'damaged', reason };
  return state.kind === 'outdated' ? state : null;
}

/** Its last four bytes are the checksum of all before. */
async function findWrongByte(files: LogFiles, path: string): Promise<string | null> {
  const fd = await files.open(path, 'r');
  try {
    const end = (await files.fstat(fd)).size - CRC_BYTES;
    const window = Buffer.allocUnsafe(WINDOW_BYTES);
    let crc = 0;
    for (let position = 0; position < end; position += WINDOW_BYTES) {
      const length = Math.min(WINDOW_BYTES, end - position);
      crc = crc32(await readExactly(files, fd, { position, length, into: window }), crc);
    }
    const told = await readExactly(files, fd, { position: end, length: CRC_BYTES });
    return told.readUInt32LE(0) === crc ? null : 'it does not match its checksum';
  } finally {
    await files.close(fd);
  }
}
