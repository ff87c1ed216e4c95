import type { EntityManager } from 'typeorm';
import { readQuarantined, type QuarantinedRange } from '../dead-letters/dead-letters.port.js';
import {
  CheckpointMirror,
  proveCheckpoint,
  readCheckpoint,
  type Checkpoint,
} from '../processor/processor.port.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import { findBeginning } from './find-share.js';
import type { Share } from './share-file.js';

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
  /** What to add to what is read; null: the log is read from its start. */
  readonly from: Share | null;
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

export async function findLoadedPart(
  manager: EntityManager,
  { log, dataDir, refresh }: OwnLog,
): Promise<LoadedPart | Refused> {
  const checkpoint = await readCheckpoint(manager, log.identity);
  const quarantined = await readQuarantined(manager, log.identity);
  await refresh();
  const mirror = dataDir === undefined ? null : new CheckpointMirror(dataDir, log.identity);
  const proof = await proveCheckpoint(log, checkpoint, mirror);
  if (proof.kind === 'wrong-log') return { ...proof, kind: 'refused' };
  const beginning = await findBeginning(log, dataDir ?? null, checkpoint.offset);
  if (beginning.kind === 'refused') return beginning;
  const from = beginning.kind === 'share' ? beginning.share : null;
  return { kind: 'loaded', checkpoint, quarantined, from };
}
