import { afterAll } from '@jest/globals';
import { encodeEventPayload } from '../../src/shared/event/event-codec.js';
import { StagingLogWorkbench } from './staging-log-workbench.js';
import { storedRecords } from './stored-records.js';

export const HOUR_MS = 3_600_000;
export const DAY_MS = 24 * HOUR_MS;

const TODAY = Math.floor(Date.now() / DAY_MS);

/** The start of a day of UTC, in milliseconds since 1970: that on which the test began, or so many days later. */
export const dayStart = (daysLater: number): number => (TODAY + daysLater) * DAY_MS;

const benches = new Set<StagingLogWorkbench>();
afterAll(async () => {
  for (const bench of benches) await bench.remove();
});

/**
 * A data directory with a staging log that took events at these times, in order: a few at each, of some users and of
 * all kinds of amounts.
 */
export async function stageEvents(
  times: readonly number[],
  random: () => number,
): Promise<{ readonly dataDir: string; readonly events: number }> {
  const bench = await StagingLogWorkbench.create();
  benches.add(bench);
  const log = await bench.open();
  let events = 0;
  for (const time of times) {
    bench.now = time;
    const records = Array.from({ length: 1 + Math.floor(random() * 4) }, () => ({
      payload: somePayload(random),
    }));
    await log.append(records);
    events += records.length;
  }
  await log.close();
  return { dataDir: bench.dataDir, events };
}

function somePayload(random: () => number): string {
  const name = random() < 0.6 ? 'add_revenue' : 'subtract_revenue';
  return encodeEventPayload({
    userId: `user-${Math.floor(random() * 10)}`,
    name,
    value: someValue(random),
  });
}

/** Up to fifteen digits, of which up to six are decimals: sums of them are beyond what a number holds. */
function someValue(random: () => number): number {
  const kind = Math.floor(random() * 4);
  if (kind === 0) return 999_999_999_999_999 - Math.floor(random() * 1_000);
  if (kind === 1) return Number(`0.00000${1 + Math.floor(random() * 9)}`);
  if (kind === 2) return Number((random() * 1e8).toFixed(6));
  return Math.floor(random() * 1_000_000) / 100;
}

interface BucketsToSum {
  readonly step: number;
  readonly from: number;
  readonly to: number;
  readonly of?: string;
}

/**
 * What the records of these data directories add up to, as an exact decimal for each of the buckets between two
 * times: from the text of their files, in whole millionths. Of all users, or of one.
 */
export async function sumBuckets(
  dataDirs: readonly string[],
  { step, from, to, of }: BucketsToSum,
): Promise<{ from: string; revenue: string }[]> {
  const sums = new Map<number, bigint>();
  for (const dataDir of dataDirs) {
    for (const { timestamp, userId, name, value } of await storedRecords({ dataDir })) {
      if (of !== undefined && userId !== of) continue;
      const bucket = Math.floor((timestamp as number) / step);
      const micros = toMicros(String(value));
      const change = name === 'add_revenue' ? micros : -micros;
      sums.set(bucket, (sums.get(bucket) ?? 0n) + change);
    }
  }
  return Array.from({ length: (to - from) / step }, (_, index) => ({
    from: new Date(from + index * step).toISOString(),
    revenue: toDecimal(sums.get(from / step + index) ?? 0n),
  }));
}

function toMicros(decimal: string): bigint {
  const match = /^(\d+)(?:\.(\d{1,6}))?$/.exec(decimal);
  if (match === null) throw new Error(`${decimal} is no amount`);
  return BigInt(`${match[1] ?? ''}${(match[2] ?? '').padEnd(6, '0')}`);
}

function toDecimal(micros: bigint): string {
  const digits = String(micros < 0n ? -micros : micros).padStart(7, '0');
  const text = `${digits.slice(0, -6)}.${digits.slice(-6)}`.replace(/\.?0+$/, '');
  return micros < 0n ? `-${text}` : text;
}
