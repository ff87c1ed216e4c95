import { encodePage } from '../../src/processor/fold/encode-page.js';
import type { Fold } from '../../src/processor/fold/fold-records.js';
import { type FoldedBytes } from '../../src/processor/fold/fold-records.js';
import { createFoldWindow } from '../../src/processor/fold/fold-window.js';
import { sortUsers } from '../../src/processor/fold/sort-users.js';
import type { DeltaPage, HourPage } from '../../src/revenue/revenue.port.js';

/** Adds whole records to a fold, as they come from a log. */
export function addBytes(fold: Fold, bytes: Buffer, setAsideMax = Infinity): FoldedBytes {
  const window = createFoldWindow(bytes.length);
  bytes.copy(window.bytes);
  return fold.add(window, bytes.length, setAsideMax);
}

/** What a fold would send to the database, by user, in the order in which it would. */
export function deltasOf(fold: Fold): Map<string, string> {
  const deltas = new Map<string, string>();
  for (const page of pagesOf(fold)) {
    for (const [userId, delta] of decodeDeltaPage(page)) {
      if (deltas.has(userId)) throw new Error(`${userId} is on two pages`);
      deltas.set(userId, delta);
    }
  }
  return deltas;
}

/** What a fold by hour would add to hours of users: by user and hours since 1970, in the order in which it would. */
export const userHourDeltasOf = (fold: Fold): Map<string, string> =>
  new Map(pagesOf(fold).flatMap((page) => Array.from(decodeUserHours(page))));

export function decodeUserHours({ userHours }: DeltaPage): Map<string, string> {
  if (userHours === undefined) throw new Error('a page without hours of users');
  const ids = elementsOf(userHours.userIds, 25);
  const starts = elementsOf(userHours.starts, 1184);
  const sums = elementsOf(userHours.deltas, 1700);
  if (ids.length !== starts.length || ids.length !== sums.length) throw new Error('not as many');
  return new Map(
    ids.map((id, index) => {
      const seconds = starts[index]!.readBigInt64BE() / 1_000_000n + 946_684_800n;
      return [`${id.toString('utf8')} ${seconds / 3_600n}`, readNumeric(sums[index]!)];
    }),
  );
}

/** Small ones, so that there are several. */
function pagesOf(fold: Fold): DeltaPage[] {
  const order = sortUsers(fold.table);
  const pages: DeltaPage[] = [];
  for (let from = 0; ;) {
    const encoded = encodePage(fold, order, { from, usersMax: PAGE_USERS });
    if (encoded === null) return pages;
    pages.push(encoded.page);
    from = encoded.next;
  }
}

const PAGE_USERS = 1_000;

/** What a fold would add to hours, by hours since 1970. */
export function hourDeltasOf(fold: Fold): Map<string, string> {
  const page = fold.hours.encode();
  return page === null ? new Map<string, string>() : decodeHourPage(page);
}

export const decodeHourPage = ({ hours, numbers, deltas }: HourPage): Map<string, string> =>
  decodeDeltaPage({ users: hours, userIds: numbers, deltas });

/** Reads what PostgreSQL would read, by its own rules. */
export function decodeDeltaPage({ users, userIds, deltas }: DeltaPage): Map<string, string> {
  const ids = elementsOf(userIds, 25);
  const sums = elementsOf(deltas, 1700);
  if (ids.length !== users || sums.length !== users) throw new Error('not as many as it says');
  return new Map(ids.map((id, index) => [id.toString('utf8'), readNumeric(sums[index]!)]));
}

function elementsOf(array: Buffer, oid: number): Buffer[] {
  const header = [0, 4, 8, 12, 16].map((at) => array.readInt32BE(at));
  if (header.join() !== [1, 0, oid, header[3], 1].join())
    throw new Error(`header ${header.join()}`);
  const elements: Buffer[] = [];
  let at = 20;
  while (at < array.length) {
    const end = at + 4 + array.readInt32BE(at);
    elements.push(array.subarray(at + 4, end));
    at = end;
  }
  if (elements.length !== header[3] || at !== array.length) throw new Error('cut off');
  return elements;
}

/** As numeric_recv and numeric_out: digits to the base of 10,000, the first one with a weight. */
function readNumeric(bytes: Buffer): string {
  const [count, weight] = [bytes.readInt16BE(0), bytes.readInt16BE(2)];
  const [sign, scale] = [bytes.readUInt16BE(4), bytes.readUInt16BE(6)];
  let scaled = 0n;
  for (let index = 0; index < count; index++) {
    const power = 4n * BigInt(weight - index) + 8n;
    scaled += BigInt(bytes.readUInt16BE(8 + 2 * index)) * 10n ** power;
  }
  const digits = scaled.toString().padStart(9, '0');
  const fraction = digits.slice(-8, digits.length - 8 + scale);
  if (/[1-9]/.test(digits.slice(digits.length - 8 + scale))) throw new Error('scale too small');
  const text = scale === 0 ? digits.slice(0, -8) : `${digits.slice(0, -8)}.${fraction}`;
  return sign === 0x4000 ? `-${text}` : text;
}
