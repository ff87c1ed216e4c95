import { open, type FileHandle } from 'node:fs/promises';
import { crc32 } from 'node:zlib';
import { toOffset, type Offset } from '../staging-log/staging-log.port.js';
import { hourTexts, parseHours, type HourSums } from './hour-sums.js';
import { readSums } from './sum-lines.js';
import type { SortedSums } from './user-sum.js';

/** Of this layout: a reader refuses any other. */
export const SHARE_VERSION = 2;

/** What a share file says of itself, in its first line. */
export interface ShareHeader {
  readonly version: typeof SHARE_VERSION;
  /** Of the log. */
  readonly identity: string;
  /** The share is of all records before it. */
  readonly offset: Offset;
  /** Of the log at that offset. */
  readonly fingerprint: string;
  readonly events: number;
  /** Records that are no events, and quarantined ranges. */
  readonly deadLetters: number;
  readonly users: number;
  /** With an event. */
  readonly hours: number;
  /** Of the second line, with its `\n`. */
  readonly hoursBytes: number;
}

/** What one log has contributed up to an offset: an exact sum per user, and one per hour. */
export interface Share extends ShareHeader {
  readonly sums: SortedSums;
  readonly hourSums: HourSums;
}

/**
 * A share whose file is held open, so that its sums can be read whatever becomes of the name: retention
 * removes a share as soon as there is a newer one. Whoever opened it closes it.
 */
export interface OpenShare extends Share {
  /** Its sums cannot be read any more. */
  close(): Promise<void>;
}

/** What a file holds is no share that can be used. The message says which file, and why. */
export class ShareError extends Error {
  readonly code = 'SHARE_INVALID';
}

/** The second line: JSON, `[["<hours since 1970>","<sum>"],...]` in the order of hours. */
export const encodeHours = (sums: HourSums): Buffer =>
  Buffer.from(`${JSON.stringify(hourTexts(sums))}\n`);

/** The last line: 8 hex digits, and `\n`. */
export const CRC_LINE = (crc: number): string => `${crc.toString(16).padStart(8, '0')}\n`;
const CRC_LINE_BYTES = 9;
const READ_BYTES = 256 * 1024;
const SUMS_BYTES = 64 * 1024;
const HEADER_BYTES_MAX = 4 * 1024;
const NEWLINE = 0x0a;
const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/**
 * A share file whose every byte was proved by its checksum, and whose sums were read through once.
 * @throws ShareError for a file that holds anything else, and errors of the system as they are: that
 * one is gone, or cannot be read now, is no judgement on what it holds.
 */
export async function openShare(path: string): Promise<OpenShare> {
  const handle = await open(path);
  try {
    const end = await proveBytes(handle, path);
    const { header, length } = await readHeader(handle, path, end);
    const start = length + header.hoursBytes;
    const hourSums = start > end ? null : parseHours(await readJson(handle, length, start));
    if (hourSums?.size !== header.hours) {
      throw new ShareError(`${path} has a second line that is not that of ${header.hours} hours`);
    }
    const sums = readSums(() => readPart(handle, start, end));
    const users = await countUsers(sums, path);
    if (users === header.users) return { ...header, sums, hourSums, close: () => handle.close() };
    throw new ShareError(`${path} tells of ${header.users} users, and has ${users}`);
  } catch (error) {
    await handle.close();
    throw error;
  }
}

/** The bytes from `start` to before `end`, or to the end of the file if that is nearer. */
async function* readPart(handle: FileHandle, start: number, end: number): AsyncGenerator<Buffer> {
  for (let position = start; position < end;) {
    const piece = Buffer.allocUnsafe(Math.min(SUMS_BYTES, end - position));
    const { bytesRead } = await handle.read(piece, 0, piece.length, position);
    if (bytesRead === 0) return;
    yield piece.subarray(0, bytesRead);
    position += bytesRead;
  }
}

/** Answers with where the last line begins. */
async function proveBytes(handle: FileHandle, path: string): Promise<number> {
  const { size } = await handle.stat();
  const end = size - CRC_LINE_BYTES;
  let crc = 0;
  const buffer = Buffer.allocUnsafe(READ_BYTES);
  for (let position = 0; position < end;) {
    const length = Math.min(READ_BYTES, end - position);
    const { bytesRead } = await handle.read(buffer, 0, length, position);
    if (bytesRead === 0) throw new ShareError(`${path} became shorter while it was read`);
    crc = crc32(buffer.subarray(0, bytesRead), crc);
    position += bytesRead;
  }
  const last = Buffer.alloc(CRC_LINE_BYTES);
  if (end > 0) await handle.read(last, 0, CRC_LINE_BYTES, end);
  if (last.toString('latin1') === CRC_LINE(crc)) return end;
  const message = `${path} does not match its own checksum: it is cut off, damaged, or no share file; write it again, or take it from a backup`;
  throw new ShareError(message);
}

async function readHeader(
  handle: FileHandle,
  path: string,
  end: number,
): Promise<{ header: ShareHeader; length: number }> {
  const first = Buffer.alloc(Math.min(HEADER_BYTES_MAX, end));
  await handle.read(first, 0, first.length, 0);
  const newline = first.indexOf(NEWLINE);
  const json = newline < 0 ? null : parseJson(first.toString('utf8', 0, newline));
  const header = typeof json === 'object' ? json : null;
  if (header === null) throw new ShareError(`${path} does not begin as a share file does`);
  const { version } = header as { version?: unknown };
  if (version !== SHARE_VERSION) {
    const message = `${path} has version ${JSON.stringify(version)} of a share file, and this software reads version ${SHARE_VERSION} only; write it again with this software, which needs the segments that it stands for`;
    throw new ShareError(message);
  }
  if (isHeader(header)) return { header, length: newline + 1 };
  throw new ShareError(`${path} has a first line that a share file cannot have`);
}

/** Null for what is no whole line of JSON. */
async function readJson(handle: FileHandle, start: number, end: number): Promise<unknown> {
  const pieces: Buffer[] = [];
  for await (const piece of readPart(handle, start, end)) pieces.push(piece);
  const line = Buffer.concat(pieces);
  return line.indexOf(NEWLINE) === line.length - 1 ? parseJson(line.toString('utf8')) : null;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}

function isHeader(header: object): header is ShareHeader {
  const { identity, offset, fingerprint, ...counts } = header as Record<string, unknown>;
  if (typeof identity !== 'string' || !UUID.test(identity)) return false;
  const { events, deadLetters, users, hours, hoursBytes } = counts;
  const numbers = [offset, events, deadLetters, users, hours, hoursBytes];
  return typeof fingerprint === 'string' && numbers.every(isCount);
}

function isCount(value: unknown): boolean {
  try {
    return typeof value === 'number' && toOffset(value) === value;
  } catch {
    return false;
  }
}

async function countUsers(sums: SortedSums, path: string): Promise<number> {
  let users = 0;
  try {
    for await (const page of sums()) users += page.length;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall !== undefined) throw error;
    throw new ShareError(`${path} is not in order: ${String(error)}`);
  }
  return users;
}
