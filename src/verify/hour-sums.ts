import { millionths, toDecimal } from './decimal-millionths.js';

/**
 * Exact sums in millionths, by hours since 1970, of all users. All of them are kept in memory, whatever the number of
 * events: a few hundred bytes each while they are compared, so 30 MB for ten years. It is the server's clock that decides,
 * so there are no more hours than the log has lived, but in a log that was made by hand.
 */
export type HourSums = ReadonlyMap<number, bigint>;

const MS_PER_HOUR = 3_600_000;
const LAST_HOUR = hourOf(Number.MAX_SAFE_INTEGER);
const NUMBER = /^(0|[1-9]\d{0,15})$/;

/** The hour of a timestamp, which is in milliseconds since 1970. */
export function hourOf(timestamp: number): number {
  return (timestamp - (timestamp % MS_PER_HOUR)) / MS_PER_HOUR;
}

export function addToHour(sums: Map<number, bigint>, hour: number, amount: bigint): void {
  sums.set(hour, (sums.get(hour) ?? 0n) + amount);
}

/** Adds sources up, hour by hour. One alone is the sum. */
export function mergeHours(sources: readonly HourSums[]): HourSums {
  const [first] = sources;
  if (first !== undefined && sources.length === 1) return first;
  const merged = new Map<number, bigint>();
  for (const source of sources) {
    for (const [hour, sum] of source) addToHour(merged, hour, sum);
  }
  return merged;
}

/** As text: hours and decimals, in the order of hours. */
export function hourTexts(sums: HourSums): [hour: string, decimal: string][] {
  return Array.from(sums)
    .sort(([a], [b]) => a - b)
    .map(([hour, sum]) => [String(hour), toDecimal(sum)]);
}

/** What `hourTexts` made; null for anything else. */
export function parseHours(texts: unknown): HourSums | null {
  if (!Array.isArray(texts)) return null;
  const sums = new Map<number, bigint>();
  let before = -1;
  for (const text of texts as unknown[]) {
    if (!Array.isArray(text) || text.length !== 2) return null;
    const [number, decimal] = text as unknown[];
    if (typeof number !== 'string' || typeof decimal !== 'string' || !NUMBER.test(number))
      return null;
    const [hour, sum] = [Number(number), millionths(decimal)];
    if (sum === null || hour <= before || hour > LAST_HOUR) return null;
    sums.set(hour, sum);
    before = hour;
  }
  return sums;
}
