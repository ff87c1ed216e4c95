import type { DataSource, EntityManager } from 'typeorm';
import {
  lockQuarantined,
  markReloaded,
  type QuarantinedRange,
} from '../dead-letters/dead-letters.port.js';
import { hasUserHistory, loseUserHistory } from '../revenue/revenue.port.js';
import { toOffset, type Offset, type StagingLogReader } from '../staging-log/staging-log.port.js';
import { applyBatch } from './apply-batch.js';
import { CheckpointMirror } from './checkpoint-mirror.js';
import { inTransaction } from './in-transaction.js';
import { proveCheckpoint, type WrongLogCode } from './prove-checkpoint.js';
import { readBatch } from './read-batch.js';
import { readCheckpoint } from './read-checkpoint.js';
import { readUntil, StillDamagedError } from './read-until.js';
import { addLoadedEvents } from './store-checkpoint.js';

export interface ReloadOptions {
  readonly dataSource: DataSource;
  readonly log: StagingLogReader;
  readonly dataDir: string;
  readonly from: Offset;
  /** Exclusive, at most the checkpoint. */
  readonly to: Offset;
  /** Beside the log's owner: makes the log's end at least as new as the checkpoint just read. */
  readonly refresh?: () => Promise<void>;
}

/**
 * `reloaded`: these ranges are in the balances now. `nothing-to-reload`: no range there is quarantined
 * (any more). `still-damaged`, `refused`: nothing was done, the message says why and what to do.
 */
export type ReloadOutcome =
  | {
      readonly kind: 'reloaded';
      readonly ranges: readonly { readonly from: number; readonly to: number }[];
      readonly events: number;
      /** Records in the ranges that can never be loaded. */
      readonly deadLetters: number;
    }
  | { readonly kind: 'nothing-to-reload' }
  | { readonly kind: 'still-damaged'; readonly message: string }
  | {
      readonly kind: 'refused';
      readonly code: WrongLogCode | 'RANGE_BEYOND_CHECKPOINT' | 'RANGE_CUTS_QUARANTINE';
      readonly message: string;
    };

type Committed = Omit<Extract<ReloadOutcome, { kind: 'reloaded' }>, 'kind'> & {
  readonly kind: 'committed';
};
type Reload = Committed | Exclude<ReloadOutcome, { kind: 'reloaded' }>;

const BOUNDS = { usersMax: 100_000, readMsMax: Infinity };

interface Range extends QuarantinedRange {
  readonly byHour: boolean;
}

/**
 * Takes the quarantined ranges within [from, to) into the balances, once they are restored: their
 * events, their dead letters (of records that are none) and the state of the ranges in one transaction,
 * or nothing. Once: the row of the checkpoint is locked first, so reloads and loads of a log go one after
 * the other, and a range that was reloaded is quarantined no more. Loads wait meanwhile; events are
 * accepted. Its memory is bounded as that of a load is.
 *
 * Limit: a sender that sent an event again while the block with the first one could not be read for its
 * ids had it stored a second time. The log knows nothing of the first one then, and neither does a
 * reload: both are counted.
 * @throws errors of the database, and of reading; a call after a lost answer finds out what happened.
 */
export async function reloadRange(options: ReloadOptions): Promise<ReloadOutcome> {
  try {
    const reload = await inTransaction<Reload>(options.dataSource, (manager) =>
      reloadLocked(manager, options),
    );
    return reload.kind === 'committed' ? { ...reload, kind: 'reloaded' } : reload;
  } catch (error) {
    if (!(error instanceof StillDamagedError)) throw error;
    return { kind: 'still-damaged', message: error.message };
  }
}

async function reloadLocked(manager: EntityManager, options: ReloadOptions): Promise<Reload> {
  const { log, from, to } = options;
  await manager.query('select from load_checkpoint where log_id = $1 for update', [log.identity]);
  const refusal = await refuse(manager, options);
  if (refusal !== null) return refusal;
  const ranges = await lockQuarantined(manager, log.identity, { from, to });
  if (ranges.length === 0) return { kind: 'nothing-to-reload' };
  const cut = ranges.find((range) => range.from < from || range.to > to);
  if (cut !== undefined) {
    const message = `the quarantined range ${cut.from} to ${cut.to} lies only partly between ${from} and ${to}, and can only be reloaded as a whole`;
    return { kind: 'refused', code: 'RANGE_CUTS_QUARANTINE', message };
  }
  // Before their records are stored: one of these may have the offset of its range.
  await markReloaded(manager, ranges);
  // Whatever is configured here: what has all of this log is to have it still.
  const byHour = await hasUserHistory(manager, log.identity);
  if (!byHour) await loseUserHistory(manager, log.identity);
  let [events, deadLetters] = [0, 0];
  for (const range of ranges) {
    const added = await addRange(manager, log, { ...range, byHour });
    events += added.events;
    deadLetters += added.deadLetters;
  }
  await addLoadedEvents(manager, log.identity, events);
  return { kind: 'committed', ranges: ranges.map(withoutId), events, deadLetters };
}

const withoutId = ({ from, to }: QuarantinedRange): { from: number; to: number } => ({ from, to });

async function refuse(
  manager: EntityManager,
  { log, dataDir, to, refresh }: ReloadOptions,
): Promise<Extract<ReloadOutcome, { kind: 'refused' }> | null> {
  const checkpoint = await readCheckpoint(manager, log.identity);
  await refresh?.();
  const mirror = new CheckpointMirror(dataDir, log.identity);
  const proof = await proveCheckpoint(log, checkpoint, mirror);
  if (proof.kind === 'wrong-log') return { ...proof, kind: 'refused' };
  if (to <= checkpoint.offset) return null;
  const message = `the range ends at ${to}, but the log is loaded up to ${checkpoint.offset} only: what comes after is loaded anyway`;
  return { kind: 'refused', code: 'RANGE_BEYOND_CHECKPOINT', message };
}

async function addRange(
  manager: EntityManager,
  log: StagingLogReader,
  { from, to, byHour }: Range,
): Promise<{ readonly events: number; readonly deadLetters: number }> {
  const end = toOffset(to);
  const reader = readUntil(log, end);
  let [events, deadLetters] = [0, 0];
  for (let offset = toOffset(from); offset < end;) {
    const batch = await readBatch(reader, offset, { ...BOUNDS, byHour });
    const { corrections } = await applyBatch(manager, log.identity, batch);
    events += batch.events + corrections;
    deadLetters += batch.deadLetters.length;
    offset = batch.end;
  }
  return { events, deadLetters };
}
