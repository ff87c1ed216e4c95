/**
 * What is in the files of a log, read as anybody could, with nothing of the application: segments and
 * archives, each of which begins where the one before it ends.
 */
import { open, readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { idOf, SENDERS } from './records.mjs';

const NEWLINE = 0x0a;
const SHOWN_CHARS = 200;
const LINE = /^\{"timestamp":\d+,"id":"(\d+):(\d+)",/;

/** What a check finds that must not be. */
export class Violation extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/** The end of all bytes, and those from `from` on. */
export async function readStored(directory, from) {
  const parts = [];
  let end = from;
  for (const file of await filesFrom(directory, from)) {
    if (file.first > end) {
      throw new Violation('lost', `${file.path} begins at ${file.first}, and nothing is at ${end}`);
    }
    const bytes = await bytesOf(file, end - file.first);
    if (file.first < end && bytes === null) continue;
    parts.push(bytes);
    end += bytes.length;
  }
  return { bytes: Buffer.concat(parts), end };
}

/** Those that can have bytes at or behind `from`, in order; an archive counts when there is no segment. */
async function filesFrom(directory, from) {
  const byOffset = new Map();
  for (const [folder, ending] of [
    [join(directory, 'archive'), '.jsonl.gz'],
    [directory, '.jsonl'],
  ]) {
    const names = await readdir(folder).catch(() => []);
    for (const name of names.filter((one) => one.endsWith(ending))) {
      byOffset.set(Number.parseInt(name, 10), join(folder, name));
    }
  }
  const files = [...byOffset].map(([first, path]) => ({ first, path }));
  files.sort((one, other) => one.first - other.first);
  const last = files.findLastIndex(({ first }) => first <= from);
  return files.slice(Math.max(0, last));
}

/** From a place in it on; null when it ends before. */
async function bytesOf({ path }, position) {
  if (path.endsWith('.gz')) {
    const bytes = await promisify(gunzip)(await readFile(path));
    return position > bytes.length ? null : bytes.subarray(position);
  }
  const { size } = await stat(path);
  if (position > size) return null;
  const file = await open(path);
  try {
    const bytes = Buffer.alloc(size - position);
    const { bytesRead } = await file.read(bytes, 0, bytes.length, position);
    return bytes.subarray(0, bytesRead);
  } finally {
    await file.close();
  }
}

/**
 * Goes along a log and counts what the senders have in it. Their records are there in order, exactly once
 * each, and nothing else is.
 */
export class StoredRecords {
  /** By sender: the number of records that are there. */
  counts = new Array(SENDERS).fill(0);
  /** Up to here it was looked at. */
  offset = 0;
  #payloadOf;

  /** @param payloadOf what the payload of a record must be, by sender and number */
  constructor(payloadOf) {
    this.#payloadOf = payloadOf;
  }

  /** Takes what follows; the rest behind the last line end is a torn tail, and left. */
  take(bytes) {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    for (let start = 0; start < end;) {
      const next = bytes.indexOf(NEWLINE, start) + 1;
      this.#takeLine(bytes.toString('utf8', start, next - 1));
      this.offset += next - start;
      start = next;
    }
  }

  #takeLine(line) {
    const match = LINE.exec(line);
    const [sender, number] = [Number(match?.[1]), Number(match?.[2])];
    const wanted = match === null ? null : this.#payloadOf(sender, number);
    if (match === null || line.slice(match[0].length) !== wanted.slice(1)) {
      const head = JSON.stringify(line.slice(0, SHOWN_CHARS));
      throw new Violation('damaged', `at ${this.offset} is what nobody sent: ${head}`);
    }
    const next = this.counts[sender];
    const id = idOf(sender, number);
    if (number < next) throw new Violation('doubled', `${id} is at ${this.offset}, once more`);
    if (number > next) {
      throw new Violation('lost', `${id} is at ${this.offset}, without ${idOf(sender, next)}`);
    }
    this.counts[sender] = next + 1;
  }

  /** @param acknowledged by sender, how many records were @throws Violation when one is not there */
  assertHolds(acknowledged) {
    for (const [sender, count] of this.counts.entries()) {
      const promised = acknowledged[sender];
      if (count >= promised) continue;
      const missing = `${idOf(sender, count)} to ${idOf(sender, promised - 1)}`;
      throw new Violation('lost', `acknowledged and not there: ${missing}`);
    }
  }
}
