import type { Checkpoint, LogStanding } from '../processor/processor.port.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';

/** Log end minus checkpoint. Null while unknown, never 0 then. */
export interface Lag {
  readonly bytes: number | null;
  /** Since the oldest event that is not loaded; 0 when there is none. Never below 0. */
  readonly seconds: number | null;
}

const UNKNOWN: Lag = { bytes: null, seconds: null };

/**
 * Unknown while the log is not the one that the checkpoint was taken of, or begins after it. The seconds alone are
 * unknown when the record at the checkpoint cannot be read: why, the load tells that cannot read it either.
 * Costs one small read at most. Never rejects.
 */
export async function measureLag(
  log: StagingLogReader,
  checkpoint: Checkpoint | null,
  standing: LogStanding,
): Promise<Lag> {
  if (checkpoint === null || standing.kind === 'wrong-log') return UNKNOWN;
  const { offset } = checkpoint;
  const bytes = log.endOffset() - offset;
  // What a tick will call LOG_BEHIND_CHECKPOINT, or LOG_TRIMMED.
  if (bytes < 0 || offset < log.startOffset()) return UNKNOWN;
  if (bytes === 0) return { bytes, seconds: 0 };
  const oldest = await log.timestampAt(offset).catch(() => null);
  return { bytes, seconds: oldest === null ? null : Math.max(0, (Date.now() - oldest) / 1000) };
}
