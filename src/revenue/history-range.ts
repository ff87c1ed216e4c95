import { Problem } from '../shared/http/problem.js';

export const BUCKETS = ['hour', 'day'] as const;
export type Bucket = (typeof BUCKETS)[number];

/** Whole hours or days of UTC. */
export interface HistoryRange {
  readonly bucket: Bucket;
  /** In milliseconds since 1970, like `to`, which is exclusive. */
  readonly from: number;
  readonly to: number;
}

/** What somebody asks for, in milliseconds since 1970. */
interface AskedRange {
  readonly bucket: Bucket;
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export const BUCKET_MS: Readonly<Record<Bucket, number>> = { hour: 3_600_000, day: 86_400_000 };

/** How many buckets are answered at most: by day 2.7 years, by hour six weeks. */
export const BUCKETS_MAX = 1_000;

/** How many buckets there are where it is not said from when on. */
const BUCKETS_DEFAULT: Readonly<Record<Bucket, number>> = { hour: 24, day: 30 };

/**
 * The whole buckets that cover what is asked for. Without `to` they end with the bucket that `now` is in, and without
 * `from` there are 24 hours or 30 days.
 * @throws Problem 400 when nothing lies between from and to, or more buckets than `BUCKETS_MAX`.
 */
export function rangeOf({ bucket, from, to }: AskedRange, now: number): HistoryRange {
  const step = BUCKET_MS[bucket];
  const end = to === undefined ? Math.floor(now / step) * step + step : Math.ceil(to / step) * step;
  const begin =
    from === undefined ? end - BUCKETS_DEFAULT[bucket] * step : Math.floor(from / step) * step;
  if (begin >= end || (from ?? -Infinity) >= (to ?? Infinity)) throw nothingBetween();
  const range = { bucket, from: begin, to: end };
  if ((end - begin) / step > BUCKETS_MAX) throw rangeTooLong(range);
  return range;
}

function nothingBetween(): Problem {
  const detail = 'from must be before to; without to, the range ends with the present hour or day';
  return new Problem({ status: 400, code: 'REQUEST_INVALID', detail });
}

function rangeTooLong({ bucket, from, to }: HistoryRange): Problem {
  const buckets = (to - from) / BUCKET_MS[bucket];
  const byDay = bucket === 'hour' ? ', or by day (bucket=day)' : '';
  const detail = `from and to are ${buckets} ${bucket}s apart; ask for at most ${BUCKETS_MAX} at once${byDay}`;
  return new Problem({ status: 400, code: 'RANGE_TOO_LONG', detail });
}
