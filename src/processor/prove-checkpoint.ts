import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import type { Checkpoint } from './checkpoint.js';
import type { CheckpointMirror } from './checkpoint-mirror.js';

export type CheckpointProof =
  | { readonly kind: 'proved' }
  | { readonly kind: 'wrong-log'; readonly code: WrongLogCode; readonly message: string };

/**
 * `LOG_FORKED`, `LOG_BEHIND_CHECKPOINT`: a copied or restored data directory. `LOG_DAMAGED`: the bytes
 * that would prove it are gone. `LOG_TRIMMED`: retention deleted events that were never loaded here.
 */
export type WrongLogCode = 'LOG_FORKED' | 'LOG_BEHIND_CHECKPOINT' | 'LOG_DAMAGED' | 'LOG_TRIMMED';

/**
 * Whether this log is the one that the checkpoint was taken of: it must have, just before the
 * checkpoint, the bytes whose fingerprint the database holds. A copied or restored data directory
 * carries the identity along, but not what was appended elsewhere.
 *
 * Where those bytes are damaged, the mirror may stand in: it is in the data directory, and was written
 * when the log there was proved at this place.
 * @param mirror null when the data directory is not known: then damaged bytes prove nothing.
 */
export async function proveCheckpoint(
  log: StagingLogReader,
  checkpoint: Checkpoint,
  mirror: CheckpointMirror | null,
): Promise<CheckpointProof> {
  const { offset, fingerprint } = checkpoint;
  // At offset 0 there is nothing to compare, but something to miss.
  if (offset < log.startOffset()) return wrong('LOG_TRIMMED', trimmed(log, offset));
  const comparison = await log.compare(offset, fingerprint);
  switch (comparison) {
    case 'same':
      return { kind: 'proved' };
    case 'different':
      return wrong('LOG_FORKED', forked(log, offset));
    case 'beyond-end':
      return wrong('LOG_BEHIND_CHECKPOINT', behind(log, offset));
    case 'trimmed':
      return wrong('LOG_TRIMMED', trimmed(log, offset));
    case 'damaged':
      if ((await mirror?.says(checkpoint)) === true) return { kind: 'proved' };
      return wrong('LOG_DAMAGED', damaged(log, offset));
    default:
      return comparison satisfies never;
  }
}

const wrong = (code: WrongLogCode, message: string): CheckpointProof => ({
  kind: 'wrong-log',
  code,
  message,
});

const behind = (log: StagingLogReader, offset: number): string =>
  `the staging log ${log.identity} ends at offset ${log.endOffset()}, but the database has loaded it up to ${offset}: its data directory is an older copy; ${REMEDY}`;

const forked = (log: StagingLogReader, offset: number): string =>
  `the staging log ${log.identity} does not hold before offset ${offset} what the database has loaded: two copies of its data directory went on by themselves; ${REMEDY}`;

const damaged = (log: StagingLogReader, offset: number): string =>
  `the staging log ${log.identity} is damaged before offset ${offset}, up to where the database has loaded it, and checkpoint.json does not say that place: nothing proves that it is the log that was loaded, so nothing is loaded from it; restore the segment from a backup, or begin a new log with \`npm run log -- new-epoch\`; see docs/operations.md`;

const trimmed = (log: StagingLogReader, offset: number): string =>
  `the staging log ${log.identity} begins at offset ${log.startOffset()}: what was before is deleted by retention, and this database has loaded it up to ${offset} only; nothing is loaded from it; restore a newer backup of the database; see docs/operations.md`;

const REMEDY =
  'nothing is loaded from it; see "A copied or restored data directory" in docs/operations.md';
