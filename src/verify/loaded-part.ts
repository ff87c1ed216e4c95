import type { EntityManager } from 'typeorm';
import {
  readQuarantined,
  readResubmitted,
  type QuarantinedRange,
} from '../dead-letters/dead-letters.port.js';
import {
  CheckpointMirror,
  proveCheckpoint,
  readCheckpoint,
  type Checkpoint,
} from '../processor/processor.port.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import { findBeginning } from './find-share.js';
import type { OpenShare } from './share-file.js';
import { LogMovedOnError } from './sum-log.js';

/** Nothing can be said. The message says why, and what to do. */
export interface Refused {
  readonly kind: 'refused';
  readonly code: string;
  readonly message: string;
}

/** What of a log is in the balances, at one moment of the database. */
export interface LoadedPart {
  readonly kind: 'loaded';
  readonly checkpoint: Checkpoint;
  readonly quarantined: readonly QuarantinedRange[];
  /** The offsets of its corrections that are in the balances. */
  readonly resubmitted: ReadonlySet<number>;
  /** What to add to what is read, to be closed by the caller; null: the log is read from its start. */
  readonly from: OpenShare | null;
}

export interface OwnLog {
  readonly log: StagingLogReader;
  /**
   * Of the log: its share files, and checkpoint.json, which stands in for damaged bytes before the
   * checkpoint. Without it neither is looked at.
   */
  readonly dataDir?: string;
  /** Makes the log's end at least as new as the snapshot that was just taken. */
  readonly refresh: () => Promise<void>;
}

/**
 * Proves that a log is the one that was loaded, and finds where to begin to read it.
 * @throws LogMovedOnError when retention went on past the checkpoint of this snapshot meanwhile.
 */
export async function findLoadedPart(
  manager: EntityManager,
  { log, dataDir, refresh }: OwnLog,
): Promise<LoadedPart | Refused> {
  const startBefore = log.startOffset();
  const checkpoint = await readCheckpoint(manager, log.identity);
  const quarantined = await readQuarantined(manager, log.identity);
  const resubmitted = await readResubmitted(manager, log.identity);
  await refresh();
  const mirror = dataDir === undefined ? null : new CheckpointMirror(dataDir, log.identity);
  const proof = await proveCheckpoint(log, checkpoint, mirror);
  if (proof.kind === 'wrong-log') {
    const start = log.startOffset();
    if (start > startBefore && start >= checkpoint.offset) {
      throw new LogMovedOnError(checkpoint.offset, start);
    }
    return { ...proof, kind: 'refused' };
  }
  const beginning = await findBeginning(log, dataDir ?? null, checkpoint.offset);
  if (beginning.kind === 'refused') return beginning;
  const from = beginning.kind === 'share' ? beginning.share : null;
  return { kind: 'loaded', checkpoint, quarantined, resubmitted, from };
}
