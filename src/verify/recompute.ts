import type { EntityManager } from 'typeorm';
import { START_OF_LOG } from '../staging-log/staging-log.port.js';
import { tableStands } from '../shared/database/forget-dropped-tables.js';
import { mergeHours, type HourSums } from './hour-sums.js';
import { readOtherLogs, type LoadedLog } from './loaded-logs.js';
import { findLoadedPart, type LoadedPart, type OwnLog, type Refused } from './loaded-part.js';
import { mergeSums } from './merge-sums.js';
import { closeShares, openOtherShares } from './other-shares.js';
import type { Share } from './share-file.js';
import { sumLog, type SummedPart } from './sum-log.js';
import type { CountedSums, SortedSums } from './user-sum.js';
import {
  findUserHoursRange,
  UserHourSums,
  type UserHours,
  type UserHoursAsked,
  type UserHoursRange,
} from './user-hours.js';
import { UserSums } from './user-sums.js';

type OnSums = (done: number, total: number) => void;

export interface RecomputeOptions extends OwnLog {
  /** One of each other log that feeds the table, up to where that log is loaded. */
  readonly shareFiles?: readonly string[];
  /** While this log is read: in the log's bytes. */
  readonly onProgress: (done: number, total: number) => void;
  /** While the sums are gone through: in users, of whom some are counted more than once. */
  readonly onUsers?: OnSums;
  /** While the sums of users by hour are gone through, if they are: in hours of users, some counted more than once. */
  readonly onUserHours?: OnSums;
  /** Whether revenue over time is kept by user. */
  readonly userHistory?: boolean;
  /** So many are kept in memory; the rest is sorted on disk. */
  readonly usersMax?: number;
  /** Where: the system's directory of temporary files, unless given. */
  readonly sortDirectory?: string;
}

/** What a log contributed up to its checkpoint. */
export interface Contribution extends SummedPart {
  readonly identity: string;
}

/** What the logs say that the database must hold, at one moment of it. */
export interface Recomputed {
  readonly own: LoadedPart;
  readonly others: readonly LoadedLog[];
  /** Of each log, this one first. */
  readonly contributions: readonly Contribution[];
  readonly sums: SortedSums;
  /** Of all logs and users. */
  readonly hourSums: HourSums;
  /** By user; null where nothing can be said of any hour, or nobody asked. */
  readonly userHours: UserHours | null;
}

const HISTORY = 'revenue_history';
const USER_HISTORY = ['user_history_state', 'user_revenue_history'];

const USERS_MAX = 500_000;
const USER_HOURS_MAX = 250_000;

/** An older database, while MIGRATIONS_RUN=false. */
const missing = (table: string): Refused => ({
  kind: 'refused',
  code: 'TABLE_MISSING',
  message: `the table ${table} does not exist yet: call GET /createTable, then run it again`,
});

/**
 * Recomputes what the logs contributed up to their checkpoints, as the transaction of `manager` sees
 * them, and gives `work` the result, which can be used until that ends. This log is read, and the shares
 * of others are given. Ranges that are quarantined are not in the tables, so they are left out, readable or
 * not; of corrections, those that were loaded first count. Memory does not depend on the number of users.
 * @throws errors of the database and of reading; LogDamagedError and LogMovedOnError as `sumLog`.
 */
export async function recompute<T>(
  manager: EntityManager,
  options: RecomputeOptions & { readonly userHours: UserHoursAsked },
  work: (recomputed: Recomputed) => Promise<T>,
): Promise<T | Refused> {
  const tables = options.userHistory === true ? [HISTORY, ...USER_HISTORY] : [HISTORY];
  for (const table of tables) if (!(await tableStands(manager, table))) return missing(table);
  const others = await readOtherLogs(manager, options.log.identity);
  const given = await openOtherShares(others, options.shareFiles ?? []);
  if (given.kind === 'refused') return given;
  try {
    const own = await findLoadedPart(manager, options);
    if (own.kind === 'refused') return own;
    try {
      const shares = [...(own.from === null ? [] : [own.from]), ...given.shares];
      const range =
        options.userHistory === true
          ? await findUserHoursRange(manager, options.userHours, shares.map(hoursOf))
          : null;
      return await withSums(options, { ...own, range }, ({ sources, part, userHours }) => {
        const contributions = [contribution(options, own, part), ...given.shares];
        return work({
          ...{ own, others, contributions },
          sums: merged([...sources, ...given.shares], options.onUsers),
          hourSums: mergeHours(contributions.map(hoursOf)),
          userHours,
        });
      });
    } finally {
      await own.from?.close();
    }
  } finally {
    await closeShares(given.shares);
  }
}

const hoursOf = ({ hourSums }: { readonly hourSums: HourSums }): HourSums => hourSums;

interface OwnSums {
  readonly sources: readonly CountedSums[];
  /** Behind the share that the reading began at. */
  readonly part: SummedPart;
  readonly userHours: UserHours | null;
}

interface OwnPart extends LoadedPart {
  readonly range: UserHoursRange | null;
}

async function withSums<T>(
  { log, onProgress, onUserHours, usersMax, sortDirectory }: RecomputeOptions,
  { checkpoint, quarantined, resubmitted, from, range }: OwnPart,
  work: (sums: OwnSums) => Promise<T>,
): Promise<T> {
  const sums = new UserSums(usersMax ?? USERS_MAX, sortDirectory);
  const hoursMax = Math.min(usersMax ?? USER_HOURS_MAX, USER_HOURS_MAX);
  const byHour = new UserSums(hoursMax, sortDirectory);
  const userHours = range === null ? null : new UserHourSums(byHour, range);
  try {
    const start = from?.offset ?? START_OF_LOG;
    const toRead = {
      ...{ log, from: start, to: checkpoint.offset, quarantined, resubmitted },
      userHours,
    };
    const part = await sumLog(sums, toRead, (done) => {
      onProgress(done - start, checkpoint.offset - start);
    });
    const sources = sums.sources();
    return await work({
      ...{ sources: from === null ? sources : [...sources, from], part },
      userHours: range === null ? null : { ...range, sums: merged(byHour.sources(), onUserHours) },
    });
  } finally {
    await sums.dispose();
    await byHour.dispose();
  }
}

function contribution(
  { log }: RecomputeOptions,
  { from }: { readonly from: Share | null },
  { events, deadLetters, hourSums }: SummedPart,
): Contribution {
  return {
    identity: log.identity,
    events: events + (from?.events ?? 0),
    deadLetters: deadLetters + (from?.deadLetters ?? 0),
    hourSums: from === null ? hourSums : mergeHours([from.hourSums, hourSums]),
  };
}

/** All of them, which tell how far they are: from the beginning, since the table may take its time before the first one. */
function merged(sources: readonly CountedSums[], onSums: OnSums = () => undefined): SortedSums {
  const total = sources.reduce((sum, { users }) => sum + users, 0);
  return () => {
    let done = 0;
    onSums(done, total);
    const told = sources.map(({ sums }): SortedSums => {
      return async function* () {
        for await (const page of sums()) {
          yield page;
          done += page.length;
          onSums(done, total);
        }
      };
    });
    return mergeSums(told)();
  };
}
