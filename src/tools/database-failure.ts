import pg from 'pg';
import { QueryFailedError, type DataSource } from 'typeorm';
import { describeDatabaseError, SQL_STATE, sqlStateOf } from '../shared/database/sql-state.js';

type DatabaseCode =
  | 'DATABASE_AWAY'
  | 'DATABASE_FAILED'
  | 'DATABASE_REFUSED'
  | 'DATABASE_URL_INVALID'
  | 'TABLE_MISSING';

/** The database did not do what a tool asked of it. The message names it, and says what to do. */
class DatabaseFailure extends Error {
  constructor(
    readonly code: DatabaseCode,
    message: string,
    cause: unknown,
  ) {
    super(message, { cause });
  }
}

/** States, or their classes, of a server that is there, and does not let this account or address in. */
const REFUSALS = ['28', '3D', '42501', '25006'];
/** Of one that ends, starts, or takes no more connections. */
const ABSENCES = ['08', '57P', '53300'];
/** What the driver says, without a code, of a connection that broke or never came about. */
const LOST = /^(Connection terminated|timeout e|Query read timeout|Client has encountered)/;

/** Runs what asks a database, and throws what that did not do as a DatabaseFailure. */
export async function namingDatabase<T>(
  { options }: DataSource,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const url = 'url' in options ? (options.url ?? '') : '';
    throw isOfDatabase(error) ? toFailure(error, url) : error;
  }
}

/** The same while a connection is made: whatever fails then is the database, or its address. */
export async function namingConnection<T>(url: string, connect: () => Promise<T>): Promise<T> {
  try {
    return await connect();
  } catch (error) {
    throw toFailure(error, url);
  }
}

function isOfDatabase(error: unknown): boolean {
  if (error instanceof QueryFailedError || sqlStateOf(error) !== null) return true;
  const { syscall, message } = error as NodeJS.ErrnoException;
  return syscall === 'connect' || syscall === 'getaddrinfo' || LOST.test(message);
}

function toFailure(error: unknown, url: string): DatabaseFailure {
  if ((error as NodeJS.ErrnoException).code === 'ERR_INVALID_URL') {
    const message = `DATABASE_URL cannot be read: it is to be postgres://user:password@host:port/database, with special characters as %XX`;
    return new DatabaseFailure('DATABASE_URL_INVALID', message, error);
  }
  const [state, text] = [sqlStateOf(error), describeDatabaseError(error)];
  const isAmong = (list: readonly string[]): boolean =>
    list.some((beginning) => state?.startsWith(beginning) === true);
  const fail = (code: DatabaseCode, message: string): DatabaseFailure =>
    new DatabaseFailure(code, message, error);
  const database = `the database ${placeOf(url)}`;
  if (state === SQL_STATE.undefinedTable) {
    const remedy =
      'make what is missing by `npm run create_table` while the application runs, or by a start with MIGRATIONS_RUN=true, then run this again';
    const { message } = error as Error;
    return fail('TABLE_MISSING', `${database} lacks a table (${message}): ${remedy}`);
  }
  if (state === null || isAmong(ABSENCES)) {
    const remedy = 'start it, or set DATABASE_URL to where it is, then run this again';
    return fail('DATABASE_AWAY', `${database} does not answer (${text}): ${remedy}`);
  }
  if (isAmong(REFUSALS)) return fail('DATABASE_REFUSED', `${database} refuses: ${text}`);
  return fail('DATABASE_FAILED', `${database} failed: ${text}`);
}

/** Where it is, for people: without its password. */
function placeOf(url: string): string {
  const { host, port, database, user } = new pg.Client({ connectionString: url });
  return `${String(database)} at ${host}:${port} (user ${String(user)})`;
}
