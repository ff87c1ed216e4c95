import type { LogLayout } from '../files/log-layout.js';

/**
 * Where a segment ends by right: where the next one begins, also if that is lost and only its checksums
 * are left. Null for the last one.
 */
export function segmentEnd(
  { segments, sums }: Pick<LogLayout, 'segments' | 'sums'>,
  first: number,
): number | null {
  const behind = [...segments.map((segment) => segment.first), ...sums].filter(
    (begins) => begins > first,
  );
  return behind.length === 0 ? null : Math.min(...behind);
}
