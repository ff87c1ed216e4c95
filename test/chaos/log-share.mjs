/** Share files at the level of the log, where records have no users: by sender, how many records it had. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { logPayload } from './records.mjs';
import { StoredRecords, Violation } from './stored-records.mjs';

const END = 'whole';
const CHUNK_BYTES_MAX = 256 * 1024;

/** As lines, so that some of them alone are seen to be a part. */
async function* linesOf({ offset, counts }) {
  for (const line of [offset, ...counts, END]) yield Buffer.from(`${line}\n`);
}

/** @throws Violation when it is not whole */
export async function readShare(path) {
  const [offset, ...rest] = (await readFile(path, 'utf8')).split('\n');
  const counts = rest.slice(0, -2).map(Number);
  if (rest.at(-2) !== END) throw new Violation('damaged', `${path} is not whole`);
  return { offset: Number(offset), counts };
}

/** Every share that is there tells what was before it. @throws Violation */
export async function checkShares(directory, shares, records) {
  for (const offset of shares) {
    const path = join(directory, `${String(offset).padStart(20, '0')}.share`);
    const share = await readShare(path);
    const wanted = records.countsAt(offset).join(' ');
    if (share.offset === offset && share.counts.join(' ') === wanted) continue;
    throw new Violation('wrong', `${path} tells ${JSON.stringify(share)}, not ${wanted}`);
  }
}

/** Sees to it that a share covers all before `end`, as retention does. @returns its offset */
export async function provideShare(log, end) {
  const [newest] = await log.retention.shares();
  if (newest !== undefined && newest.offset >= end) return newest.offset;
  const base = newest === undefined ? undefined : await readShare(newest.path);
  const records = new StoredRecords(logPayload, base);
  await readOn(log, records, end);
  await log.retention.putShare(end, (path, replace) => replace(path, linesOf(records)));
  return end;
}

/** Goes on from where it is to the end of the log, or to before `end`. @throws Violation */
export async function readOn(log, records, end = Infinity) {
  while (records.offset < end) {
    const { offset } = records;
    const chunk = await log.read(offset, CHUNK_BYTES_MAX);
    if (chunk.kind === 'end') return;
    if (chunk.kind !== 'records') {
      throw new Violation('damaged', `reading at ${offset}: ${chunk.code ?? chunk.kind}`);
    }
    records.take(chunk.bytes);
    if (records.offset !== chunk.next) {
      throw new Violation('damaged', `the chunk at ${offset} ends within a record`);
    }
  }
}
