const RETRY_BASE_MS = 100;
const RETRY_CAP_MS = 5_000;
const RETRY_AFTER_MS_MAX = 30_000;

export interface FailedAttempt {
  /** Attempts without progress, this one included: 1 after the first failure. */
  readonly attempt: number;
  /** What the server asked for, or null. */
  readonly retryAfterMs: number | null;
}

/**
 * How long to wait before the next attempt: exponential with full jitter, so that senders who were
 * refused together do not come back together. A server's `Retry-After` is the least, up to 30 s.
 */
export function retryDelayMs(
  { attempt, retryAfterMs }: FailedAttempt,
  random: () => number = Math.random,
): number {
  if (retryAfterMs !== null) {
    return Math.min(retryAfterMs, RETRY_AFTER_MS_MAX) + random() * RETRY_BASE_MS;
  }
  return random() * Math.min(RETRY_CAP_MS, RETRY_BASE_MS * 2 ** (attempt - 1));
}

/** The value of a `Retry-After` header, seconds or an HTTP date; null when there is none. */
export function parseRetryAfterMs(header: string | undefined, nowMs: number): number | null {
  const text = header?.trim() ?? '';
  if (/^\d+$/.test(text)) return Number(text) * 1_000;
  // Dates have letters: Date.parse would take "-1" or "1.5" for one.
  const date = /[a-z]/i.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(date) ? null : Math.max(0, date - nowMs);
}
