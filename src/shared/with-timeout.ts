import { setTimeout as sleep } from 'node:timers/promises';

/**
 * What `work` resolves with, or `fallback` when it takes longer than `timeoutMs`. The work is not
 * cancelled, and what it rejects with after that is nobody's any more.
 */
export async function withTimeout<T, F>(
  work: Promise<T>,
  timeoutMs: number,
  fallback: F,
): Promise<T | F> {
  const waited = new AbortController();
  const timeout = sleep(timeoutMs, fallback, { signal: waited.signal });
  timeout.catch(() => undefined);
  try {
    return await Promise.race([work, timeout]);
  } finally {
    work.catch(() => undefined);
    waited.abort();
  }
}
