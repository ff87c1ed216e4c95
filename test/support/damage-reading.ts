import { isDeepStrictEqual } from 'node:util';
import { Fold } from '../../src/processor/fold/fold-records.js';
import type {
  NewRecord,
  Offset,
  StagingLogReader,
} from '../../src/staging-log/staging-log.port.js';
import { addBytes, deltasOf } from './fold-bytes.js';

/** A record as the log took it. */
export interface TakenRecord {
  readonly offset: number;
  readonly next: number;
  readonly record: NewRecord & { readonly id: string };
  /** Without its line end. */
  readonly line: string;
}

export interface DamagedRange {
  readonly from: number;
  readonly to: number;
  readonly code: 'BLOCK_CORRUPT' | 'BLOCK_MISSING';
}

/** What is in a log, as far as reading tells. */
export interface ReadLog {
  readonly end: number;
  /** Offset to line, in the order of reading. */
  readonly lines: ReadonlyMap<number, string>;
  readonly damaged: readonly DamagedRange[];
  /** By the fold of the load: what these lines add to each user. */
  readonly balances: ReadonlyMap<string, number>;
}

const USERS = 3;
const HALVES = 2;

/** An event with an id, of a value that no other one has: a sum that lacks one, or has one twice, shows it. */
export function eventOf(n: number): TakenRecord['record'] {
  const name = n % 4 === 3 ? 'subtract_revenue' : 'add_revenue';
  return {
    id: `e${n}`,
    payload: JSON.stringify({ userId: `u${n % USERS}`, name, value: 2 ** n / HALVES }),
  };
}

/** The balances by adding up what was sent, in halves: exact, and none of the code of the product. */
export function balancesOf(records: readonly NewRecord[]): Map<string, number> {
  const sums = new Map<string, number>();
  for (const { payload } of records) {
    const event = JSON.parse(payload) as { userId: string; name: string; value: number };
    const halves = event.value * HALVES * (event.name === 'add_revenue' ? 1 : -1);
    sums.set(event.userId, (sums.get(event.userId) ?? 0) + halves);
  }
  return new Map(Array.from(sums, ([user, halves]) => [user, halves / HALVES]));
}

/**
 * Reads a log from its start to its end, as the load does.
 * @throws when a piece does not begin where the one before ended, or is empty, or goes beyond the end.
 */
export async function readWhole(log: StagingLogReader, bytesMax = 64 * 1024): Promise<ReadLog> {
  const fold = new Fold();
  const lines = new Map<number, string>();
  const damaged: DamagedRange[] = [];
  const end = log.endOffset();
  let at: Offset = log.startOffset();
  for (let chunk = await log.read(at, bytesMax); chunk.kind !== 'end';) {
    if (chunk.next <= at || chunk.next > end) throw new Error(`${at} is followed by ${chunk.next}`);
    if (chunk.kind === 'records') {
      takeLines(chunk.bytes, at, lines);
      if (chunk.bytes.length !== chunk.next - at) throw new Error(`a gap before ${chunk.next}`);
      const { unusable } = addBytes(fold, chunk.bytes);
      if (unusable.length > 0) throw new Error(`no event: ${unusable[0]!.code} behind ${at}`);
    } else {
      if (chunk.offset !== at) throw new Error(`a gap between ${at} and ${chunk.offset}`);
      if (chunk.kind === 'oversized') throw new Error(`oversized at ${at}`);
      damaged.push({ from: at, to: chunk.next, code: chunk.code });
    }
    at = chunk.next;
    chunk = await log.read(at, bytesMax);
  }
  if (at !== end) throw new Error(`the log ends at ${end}, reading at ${at}`);
  const deltas = Array.from(deltasOf(fold), ([userId, delta]) => [userId, Number(delta)] as const);
  return { end, lines, damaged, balances: new Map(deltas) };
}

function takeLines(bytes: Buffer, from: number, into: Map<number, string>): void {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf('\n', start);
    if (end < 0) throw new Error(`the chunk at ${from} ends within a record`);
    into.set(from + start, bytes.toString('utf8', start, end));
    start = end + 1;
  }
}

/** What reading must find: these records at their offsets, this damage, this end, and nothing else. */
export interface ExpectedLog {
  readonly end: number;
  readonly damaged: readonly DamagedRange[];
  readonly records: readonly TakenRecord[];
}

export function expectLog(found: ReadLog, { end, damaged, records }: ExpectedLog): void {
  const lines = records.map(({ offset, line }) => [offset, line]);
  const balances = balancesOf(records.map(({ record }) => record));
  assertSame('end', found.end, end);
  assertSame('damage', found.damaged, damaged);
  assertSame('lines', [...found.lines], lines);
  assertSame('balances', [...found.balances].sort(), [...balances].sort());
}

/** Ten thousands of times, where a matcher would take most of the time. */
export function assertSame(what: string, found: unknown, expected: unknown): void {
  if (isDeepStrictEqual(found, expected)) return;
  const texts = [JSON.stringify(found), JSON.stringify(expected)];
  throw new Error(`${what}: found ${texts[0]}, not ${texts[1]}`);
}
