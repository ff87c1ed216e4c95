import type { Refused } from './loaded-part.js';
import { LogDamagedError, LogMovedOnError } from './sum-log.js';

const RUNS_MAX = 3;

/**
 * Runs a work that takes a snapshot of the database, then reads the log; up to three times, when retention
 * retires meanwhile what was to be read. A share that is missing may be one of those: with the next snapshot
 * there is a newer one, or it is refused again before anything is read.
 * @throws what the work throws; LogMovedOnError the third time.
 */
export async function untilLogStays<T extends { readonly kind: string }>(
  work: () => Promise<T | Refused>,
): Promise<T | Refused> {
  for (let run = 1; ; run++) {
    try {
      const result = await work();
      if (run === RUNS_MAX || !isShareMissing(result)) return result;
    } catch (error) {
      if (error instanceof LogDamagedError) {
        return { kind: 'refused', code: error.code, message: error.message };
      }
      if (run === RUNS_MAX || !(error instanceof LogMovedOnError)) throw error;
    }
  }
}

const isShareMissing = (result: { readonly kind: string; readonly code?: string }): boolean =>
  result.kind === 'refused' && result.code === 'SHARE_MISSING';
