import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import type { Checkpoint } from './checkpoint.js';

export type CheckpointProof =
  | { readonly kind: 'proved' }
  | { readonly kind: 'wrong-log'; readonly code: WrongLogCode; readonly message: string };

export type WrongLogCode = 'LOG_FORKED' | 'LOG_BEHIND_CHECKPOINT';

/**
 * Whether this log is the one that the checkpoint was taken of: it must have, just before the
 * checkpoint, the bytes whose fingerprint the database holds. A copied or restored data directory
 * carries the identity along, but not what was appended elsewhere.
 */
export async function proveCheckpoint(
  log: StagingLogReader,
  { offset, fingerprint }: Checkpoint,
): Promise<CheckpointProof> {
  switch (await log.compare(offset, fingerprint)) {
    case 'same':
      return { kind: 'proved' };
    case 'beyond-end': {
      const message = `the staging log ${log.identity} ends at offset ${log.endOffset()}, but the database has loaded it up to ${offset}: its data directory is an older copy; ${REMEDY}`;
      return { kind: 'wrong-log', code: 'LOG_BEHIND_CHECKPOINT', message };
    }
    default:
      return forked(log, offset);
  }
}

function forked(log: StagingLogReader, offset: number): CheckpointProof {
  const message = `the staging log ${log.identity} does not hold before offset ${offset} what the database has loaded: two copies of its data directory went on by themselves; ${REMEDY}`;
  return { kind: 'wrong-log', code: 'LOG_FORKED', message };
}

const REMEDY =
  'nothing is loaded from it; see "A copied or restored data directory" in docs/operations.md';
