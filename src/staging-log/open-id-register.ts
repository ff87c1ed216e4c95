import { DedupeIndex } from './dedupe-index.js';
import { IdRegister } from './id-register.js';
import type { LocalLogReader } from './local-log-reader.js';
import { LogTime } from './log-time.js';
import { rebuildDedupeIndex } from './rebuild-dedupe-index.js';

export interface IdRegisterOptions {
  readonly dedupeIdsMax: number;
  readonly dedupeWindowSeconds: number;
  /** A monotonic clock, in milliseconds since whenever. */
  readonly elapsed?: () => number;
}

/**
 * The register of the ids that the log holds. Their age is what records tell of it up to the newest
 * one, and what a monotonic clock tells from now on: never a difference to the wall clock, which may
 * be put on by a day between an event and its retry.
 */
export async function openIdRegister(
  reader: LocalLogReader,
  options: IdRegisterOptions,
): Promise<IdRegister> {
  const { dedupeIdsMax: idsMax, dedupeWindowSeconds: windowSeconds } = options;
  const { elapsed = () => performance.now() } = options;
  const index = new DedupeIndex({ idsMax, windowSeconds });
  const time = new LogTime(windowSeconds);
  await rebuildDedupeIndex(index, reader, time);
  const openedAt = elapsed();
  return new IdRegister(index, () => time.seconds + (elapsed() - openedAt) / 1000);
}
