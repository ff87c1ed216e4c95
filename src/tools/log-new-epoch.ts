import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { DataSource } from 'typeorm';
import { CheckpointMirror, proveCheckpoint, readCheckpoint } from '../processor/processor.port.js';
import { appConfig } from '../shared/config/config.js';
import { findOwner } from '../shared/data-directory/find-owner.js';
import {
  beginNewEpoch,
  openLogAsItIs,
  type Epoch,
  type LogAsItIs,
} from '../staging-log/log-tools.port.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import { parseOffset, parseOptions, RefusedError, UsageError } from './log-arguments.js';
import { namingDatabase } from './database-failure.js';
import { explainFailure } from './failure.js';
import { Progress } from './progress.js';
import { watchSegments } from './watched-segments.js';
import { asOwner, withDatabase, withLog } from './workspace.js';

/** What the database says of the log that is to be put aside. */
type Standing =
  | { readonly kind: 'unknown'; readonly text: string }
  | { readonly kind: 'wrong-log' | 'proved'; readonly offset: number; readonly text: string };

/** 0; 2 when it is refused, or not said what to carry. */
export async function newEpoch(args: readonly string[]): Promise<number> {
  const options = parseOptions(args, {
    'carry-from': { type: 'string' },
    'carry-nothing': { type: 'boolean' },
    reason: { type: 'string' },
  });
  const { 'carry-from': from, 'carry-nothing': nothing = false, reason = null } = options;
  if (from !== undefined && nothing) {
    throw new UsageError('--carry-from and --carry-nothing exclude each other: give one of them');
  }
  if (from === undefined && !nothing) return explain();
  const carryFrom = from === undefined ? null : parseOffset('carry-from', from);
  const { dataDir, segmentBytesMax, dedupeIdsMax, dedupeWindowSeconds } = appConfig;
  return asOwner(appConfig, async (connectDatabase) => {
    const bytes = carryFrom === null ? 0 : await refuseDouble(carryFrom, connectDatabase);
    const progress = new Progress('new-epoch, records');
    const result = await beginNewEpoch({
      ...{ dataDir, segmentBytesMax, dedupeIdsMax, dedupeWindowSeconds, carryFrom, reason },
      files: watchSegments((written) => {
        progress.report(written, bytes);
      }),
      report: (level, message) => {
        progress.clear();
        process.stderr.write(`${level}: ${message}\n`);
      },
    }).finally(() => {
      progress.end();
    });
    if (result.kind === 'refused') throw new RefusedError(result.message);
    const finished = result.kind === 'finished' ? 'a call that was cut off is finished now: ' : '';
    process.stdout.write(`${finished}${describe(result.epoch)}\n`);
    return 0;
  });
}

function describe(epoch: Epoch): string {
  const { identity, previousIdentity, previousEnd, carriedFrom, carriedBytes, leftOut } = epoch;
  const carried =
    carriedFrom === null
      ? 'no records are carried'
      : `${carriedBytes} bytes are carried, from offset ${carriedFrom} on`;
  const aside = join(appConfig.dataDir, epoch.setAside);
  return [
    `a new log ${identity} is in place; ${carried}`,
    `the log before, ${previousIdentity} up to offset ${previousEnd}, is kept in ${aside}`,
    ...leftOut.map(
      ({ offset, next, code }) => `not carried, ${code}: offsets ${offset} to ${next}`,
    ),
    'start the application: it loads what was carried, once',
  ].join('\n');
}

/**
 * What it cannot tell keeps nobody from going on.
 * @returns how many bytes there are to carry.
 * @throws RefusedError where that would count events twice: the database proves that it has loaded this very
 * log beyond.
 */
async function refuseDouble(
  carryFrom: number,
  connectDatabase: () => Promise<DataSource>,
): Promise<number> {
  const opened = await openLogAsItIs(join(appConfig.dataDir, 'staging'), null).catch(ifMissing);
  if (opened === null) return 0;
  try {
    const standing = await judge(opened.log, connectDatabase);
    if (standing.kind === 'unknown') process.stderr.write(`${standing.text}\n`);
    if (standing.kind !== 'proved' || carryFrom >= standing.offset) {
      return opened.log.endOffset() - carryFrom;
    }
    const why = `${standing.text}; records from ${carryFrom} on would be counted twice: carry from ${standing.offset}, if a new log is needed at all`;
    throw new RefusedError(why);
  } finally {
    await opened.close();
  }
}

/** A call that was cut off between its two last steps left none in place. */
function ifMissing(error: unknown): null {
  if ((error as NodeJS.ErrnoException).code === 'LOG_MISSING') return null;
  throw error;
}

async function judge(
  log: StagingLogReader,
  connectDatabase: () => Promise<DataSource>,
): Promise<Standing> {
  try {
    const { databaseUrl, dataDir } = appConfig;
    const isThere = databaseUrl !== '' || existsSync(join(dataDir, 'postgres'));
    if (!isThere) {
      const why = `there is none in ${dataDir}, and DATABASE_URL is not set`;
      return { kind: 'unknown', text: `how far this log is loaded nobody can tell: ${why}` };
    }
    const dataSource = await connectDatabase();
    const checkpoint = await namingDatabase(dataSource, () =>
      readCheckpoint(dataSource.manager, log.identity),
    );
    const mirror = new CheckpointMirror(dataDir, log.identity);
    const proof = await proveCheckpoint(log, checkpoint, mirror);
    const { offset } = checkpoint;
    if (proof.kind === 'wrong-log') {
      return { kind: 'wrong-log', offset, text: `${proof.code}: ${proof.message}` };
    }
    return { kind: 'proved', offset, text: `the database has loaded this log up to ${offset}` };
  } catch (error) {
    const { code, message } = explainFailure(error, appConfig.dataDir);
    const text = `the database cannot be asked how far this log is loaded: ${code}: ${message}`;
    return { kind: 'unknown', text };
  }
}

/** Tells what there is to choose from. */
async function explain(): Promise<number> {
  const { dataDir } = appConfig;
  const withConnection = async (
    opened: LogAsItIs,
    connectDatabase: () => Promise<DataSource>,
  ): Promise<number> => {
    const { log } = opened;
    const { text } = await judge(log, connectDatabase);
    const range = `offsets ${log.startOffset()} to ${log.endOffset()}`;
    process.stderr.write(
      `log ${log.identity}, ${range}, in ${opened.directory}\n${text}\n${CHOICE}`,
    );
    return 2;
  };
  if ((await findOwner(dataDir)) !== null) {
    return withLog(dataDir, null, (opened) =>
      withDatabase(appConfig, (dataSource) =>
        withConnection(opened, () => Promise.resolve(dataSource)),
      ),
    );
  }
  return asOwner(appConfig, async (connectDatabase) => {
    const opened = await openLogAsItIs(join(dataDir, 'staging'), null);
    try {
      return await withConnection(opened, connectDatabase);
    } finally {
      await opened.close();
    }
  });
}

const CHOICE = `
Nothing was done: say which records of this log go into the new one, and are loaded from there.
  --carry-nothing    none: all of them are in the balances, or are not to be
  --carry-from N     all from offset N on: those that the database has not loaded
Find N by the time from which on records are not in the balances, when the copy was made, say:
  npm run log -- inspect --since 2026-01-31T12:00:00Z
See "A copied or restored data directory" in docs/operations.md.
`;
