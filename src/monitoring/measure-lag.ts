import type { Checkpoint } from '../processor/processor.port.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';

/** Log end minus checkpoint. Null while unknown, never 0 then. */
export interface Lag {
  readonly bytes: number | null;
  /** Since the oldest event that is not loaded; 0 when there is none. Never below 0. */
  readonly seconds: number | null;
}

export const UNKNOWN_LAG: Lag = { bytes: null, seconds: null };

/** Costs one small read at most. */
export async function measureLag(
  log: StagingLogReader,
  checkpoint: Checkpoint | null,
): Promise<Lag> {
  if (checkpoint === null) return UNKNOWN_LAG;
  const bytes = log.endOffset() - checkpoint.offset;
  if (bytes < 0) return UNKNOWN_LAG;
  if (bytes === 0) return { bytes, seconds: 0 };
  const oldest = await log.timestampAt(checkpoint.offset);
  return { bytes, seconds: oldest === null ? null : Math.max(0, (Date.now() - oldest) / 1000) };
}
