import type { LogLayout } from '../files/log-layout.js';

/** Where the segment that begins at an offset ends by right; null for the last one. */
export type SegmentEnds = (first: number) => number | null;

/**
 * Of all segments at once: each ends where the next one begins, also if that is lost and only its checksums
 * are left. An answer costs a binary search, so that a walk through many segments stays short.
 */
export function segmentEnds({ segments, sums }: Pick<LogLayout, 'segments' | 'sums'>): SegmentEnds {
  const begins = Float64Array.from([...segments.map(({ first }) => first), ...sums]).sort();
  return (first) => {
    let [low, high] = [0, begins.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((begins[middle] ?? Infinity) <= first) low = middle + 1;
      else high = middle;
    }
    return begins[low] ?? null;
  };
}
