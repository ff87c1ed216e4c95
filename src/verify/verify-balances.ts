import type { DataSource, EntityManager } from 'typeorm';
import { START_OF_LOG } from '../staging-log/staging-log.port.js';
import { compareWithTable, type Difference } from './compare-with-table.js';
import { inSnapshot } from './in-snapshot.js';
import { countDeadLetters, readOtherLogs, type LoadedLog } from './loaded-logs.js';
import { findLoadedPart, type LoadedPart, type OwnLog, type Refused } from './loaded-part.js';
import { mergeSums } from './merge-sums.js';
import { closeShares, openOtherShares } from './other-shares.js';
import type { Share } from './share-file.js';
import { sumLog, type SummedPart } from './sum-log.js';
import { untilLogStays } from './until-log-stays.js';
import { UserSums } from './user-sums.js';

export type Verification =
  | {
      readonly kind: 'exact' | 'drift';
      /** Of the checkpoint of this log. */
      readonly offset: number;
      /** Of all logs; `inTable`: what their checkpoints say. */
      readonly events: { readonly inLog: number; readonly inTable: number };
      readonly users: number;
      /** The first 100, in the order of user ids. */
      readonly differences: readonly Difference[];
      readonly differencesTotal: number;
      /** Of all logs. Those of records that are no events, and of quarantined ranges. */
      readonly deadLetters: { readonly inLog: number; readonly inTable: number };
    }
  | Refused;

export interface VerifyOptions extends OwnLog {
  readonly dataSource: DataSource;
  /** One of each other log that feeds the table, up to where that log is loaded. */
  readonly shareFiles?: readonly string[];
  readonly onProgress: (done: number, total: number) => void;
  /** So many are kept in memory; the rest is sorted on disk. */
  readonly usersMax?: number;
}

const USERS_MAX = 500_000;

/**
 * Recomputes what the logs contributed up to their checkpoints, and compares it with the table: every
 * user, exactly, in both directions. This log is read, and the shares of others are given. Ranges that
 * are quarantined are not in the table, so they are left out, readable or not. Table and checkpoints
 * are read in one REPEATABLE READ snapshot, so loads may go on meanwhile without being waited for or
 * waiting; and retention, too: when it retires what was to be read, all is done again.
 * @throws errors of the database and of reading; LogMovedOnError when retention was faster each time.
 */
export async function verifyBalances(options: VerifyOptions): Promise<Verification> {
  return untilLogStays(() =>
    inSnapshot(options.dataSource, (manager) => verifySnapshot(manager, options)),
  );
}

async function verifySnapshot(
  manager: EntityManager,
  options: VerifyOptions,
): Promise<Verification> {
  const others = await readOtherLogs(manager, options.log.identity);
  const given = await openOtherShares(others, options.shareFiles ?? []);
  if (given.kind === 'refused') return given;
  try {
    const own = await findLoadedPart(manager, options);
    if (own.kind === 'refused') return own;
    try {
      return await compareAll(manager, { options, others, given: given.shares, own });
    } finally {
      await own.from?.close();
    }
  } finally {
    await closeShares(given.shares);
  }
}

interface ToCompare {
  readonly options: VerifyOptions;
  readonly others: readonly LoadedLog[];
  readonly given: readonly Share[];
  readonly own: LoadedPart;
}

async function compareAll(
  manager: EntityManager,
  { options, others, given, own }: ToCompare,
): Promise<Verification> {
  const sums = new UserSums(options.usersMax ?? USERS_MAX);
  try {
    const read = await sumOwnLog(sums, own, options);
    const shares = own.from === null ? given : [own.from, ...given];
    const merged = mergeSums([...sums.sources(), ...shares.map((share) => share.sums)]);
    const comparison = await compareWithTable(manager, merged);
    const counts = {
      events: {
        inLog: total([read, ...shares], 'events'),
        inTable: others.reduce((sum, { events }) => sum + events, own.checkpoint.events),
      },
      deadLetters: {
        inLog: total([read, ...shares], 'deadLetters'),
        inTable: await countDeadLetters(manager),
      },
    };
    const same = Object.values(counts).every(({ inLog, inTable }) => inLog === inTable);
    return {
      kind: same && comparison.differencesTotal === 0 ? 'exact' : 'drift',
      offset: own.checkpoint.offset,
      ...counts,
      ...comparison,
    };
  } finally {
    await sums.dispose();
  }
}

const total = (parts: readonly SummedPart[], what: keyof SummedPart): number =>
  parts.reduce((sum, part) => sum + part[what], 0);

function sumOwnLog(
  sums: UserSums,
  { checkpoint, quarantined, from }: LoadedPart,
  { log, onProgress }: VerifyOptions,
): Promise<SummedPart> {
  const start = from?.offset ?? START_OF_LOG;
  const part = { log, from: start, to: checkpoint.offset, quarantined };
  return sumLog(sums, part, (done) => {
    onProgress(done - start, checkpoint.offset - start);
  });
}
