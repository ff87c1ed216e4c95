import { DamageBench, type LogImage } from './damage-bench.js';
import {
  assertSame,
  eventOf,
  expectLog,
  readWhole,
  type ExpectedLog,
  type TakenRecord,
} from './damage-reading.js';
import { eventually } from './eventually.js';
import { systemError } from './staging-log-faults.js';
import { appendAll } from './staging-log-reading.js';

/** Two events fill a segment. */
const SEGMENT_BYTES_MAX = 100;
const EVENTS = 6;
/** Before these, the log is closed and opened: so there are segments of one block, and of two. */
const REOPENED_BEFORE = [3, 5];

export const newBench = (): DamageBench => new DamageBench(SEGMENT_BYTES_MAX);

/**
 * How a log was left.
 * - closed: cleanly, everything sealed but the last segment
 * - killed: the same without closing it
 * - unsealed: killed, and since the last opening no side file could be made of a full segment
 */
export type Leaving = 'closed' | 'killed' | 'unsealed';

export interface LeftLog {
  readonly image: LogImage;
  readonly records: readonly TakenRecord[];
  /** The offsets of its segments, and its end behind them. */
  readonly borders: readonly number[];
}

const SEGMENT = /^(\d{20})\.jsonl$/;

/** A log of several segments, with some blocks each. */
export async function leaveLog(leaving: Leaving): Promise<LeftLog> {
  const bench = newBench();
  try {
    if (leaving === 'unsealed') {
      bench.struck.strike = (call, _when, path) => {
        if (call === 'open' && path.endsWith('.ids.new')) throw systemError('EIO');
      };
    }
    const records: TakenRecord[] = [];
    let log = await bench.open();
    for (let n = 0; n < EVENTS; n++) {
      if (REOPENED_BEFORE.includes(n)) {
        await log.close();
        log = await bench.open();
      }
      const record = eventOf(n);
      const offset = log.endOffset();
      await appendAll(log, record);
      const line = `{"timestamp":1,"id":"${record.id}",${record.payload.slice(1)}`;
      records.push({ offset, next: log.endOffset(), record, line });
      if (leaving !== 'unsealed') await eventually(() => isSealed(bench.image()));
    }
    if (leaving === 'closed') await log.close();
    const image = bench.image();
    if (leaving === 'closed') assertCovered(image);
    await log.close();
    expectLog(await reread(bench), { end: records.at(-1)!.next, damaged: [], records });
    const firsts = segmentsOf(image).map((name) => Number(SEGMENT.exec(name)![1]));
    return { image, records, borders: [...firsts, records.at(-1)!.next] };
  } finally {
    bench.remove();
  }
}

export const segmentsOf = (image: LogImage): string[] =>
  [...image.keys()].filter((name) => SEGMENT.test(name));

function isSealed(image: LogImage): boolean {
  const names = segmentsOf(image).slice(0, -1);
  return names.every((name) => image.get(beside(name, 'sums'))?.includes('sealed'));
}

/** A clean close leaves checksums of every byte. */
function assertCovered(image: LogImage): void {
  for (const name of segmentsOf(image)) {
    const lines = (image.get(beside(name, 'sums')) ?? '').toString().match(/^\d.*$/gm) ?? [];
    const covered = lines.reduce((sum, line) => sum + Number(line.split(' ')[1]), 0);
    assertSame(`what ${name} is covered by`, covered, image.get(name)!.length);
  }
}

/** The side file of a segment. */
export const beside = (segment: string, extension: 'sums' | 'ids'): string =>
  segment.replace(/jsonl$/, extension);

async function reread(bench: DamageBench): ReturnType<typeof readWhole> {
  const log = await bench.open();
  try {
    return await readWhole(log);
  } finally {
    await log.close();
  }
}

/**
 * Opens a damaged log as the next start would, and proves what it makes of it: exactly what is expected,
 * ids of what is there recognised, a new event behind it all; and the same after another start.
 */
export async function proveOpening(
  bench: DamageBench,
  image: LogImage,
  expected: ExpectedLog,
): Promise<void> {
  bench.lay(image);
  const log = await bench.open();
  let grown: ExpectedLog;
  try {
    expectLog(await readWhole(log), expected);
    const [last, bytes] = [...bench.image()].filter(([name]) => SEGMENT.test(name)).at(-1)!;
    assertSame(
      'length of the last file',
      Number(SEGMENT.exec(last)![1]) + bytes.length,
      log.endOffset(),
    );
    const again = await appendAll(log, ...expected.records.map(({ record }) => record));
    assertSame('sent again', new Set(again), new Set(again.length > 0 ? ['duplicate'] : []));
    assertSame('end', log.endOffset(), expected.end);
    const record = eventOf(40);
    assertSame('a new event', await appendAll(log, record), ['appended']);
    const line = `{"timestamp":1,"id":"${record.id}",${record.payload.slice(1)}`;
    const taken = { offset: expected.end, next: log.endOffset(), record, line };
    grown = { ...expected, end: taken.next, records: [...expected.records, taken] };
    expectLog(await readWhole(log), grown);
  } finally {
    await log.close();
  }
  bench.assertAllClosed();
  expectLog(await reread(bench), grown);
  bench.assertAllClosed();
}
