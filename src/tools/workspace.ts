import 'reflect-metadata';
import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { DataSource } from 'typeorm';
import type { AppConfig } from '../shared/config/app-config.js';
import { DataDirectoryOwner } from '../shared/data-directory/data-directory-owner.js';
import { findOwner } from '../shared/data-directory/find-owner.js';
import { dataSourceOptions } from '../shared/database/data-source-options.js';
import { EmbeddedPostgres } from '../shared/database/embedded/embedded-postgres.js';
import {
  openLogAsItIs,
  openLogBesideOwner,
  openStoppedLog,
  type LogAsItIs,
} from '../staging-log/log-tools.port.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import { namingConnection, namingDatabase } from './database-failure.js';
import { isForbidden } from './failure.js';
import { FollowedOwner } from './followed-owner.js';

/** What a tool works on: the log and the database of a data directory. */
export interface Workspace {
  readonly log: StagingLogReader;
  readonly dataSource: DataSource;
  /**
   * Beside a running application: asks it anew how far its log is durable.
   * @throws LogReplacedError when that is another log than `log`.
   */
  readonly refresh: () => Promise<void>;
}

type Undo = () => Promise<unknown>;

/**
 * Opens a data directory for a tool, and closes it whatever happens. Beside a running application
 * it uses that one's database and durable end; with it stopped it takes the ownership and starts
 * the embedded database itself.
 * @throws DatabaseFailure for what the database did not do, and what `work` throws.
 */
export async function withWorkspace<T>(
  config: AppConfig,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  return withUndo(async (undo) => {
    const running = await findOwner(config.dataDir);
    const workspace =
      running === null ? await openStopped(config, undo) : await openBeside(config.dataDir, undo);
    return namingDatabase(workspace.dataSource, () => work(workspace));
  });
}

/** The same with the database alone. */
export async function withDatabase<T>(
  config: AppConfig,
  work: (dataSource: DataSource) => Promise<T>,
): Promise<T> {
  const run = (dataSource: DataSource): Promise<T> =>
    namingDatabase(dataSource, () => work(dataSource));
  if ((await findOwner(config.dataDir)) === null) {
    return asOwner(config, async (connectDatabase) => run(await connectDatabase()));
  }
  const { databaseUrl } = await FollowedOwner.ask(config.dataDir);
  return withUndo(async (undo) => run(await connect(databaseUrl, undo)));
}

/**
 * Opens the log alone, to look at it: nothing is changed. Beside a running application up to its durable
 * end; with it stopped, the ownership is held meanwhile.
 * @param directory another staging directory than that of `dataDir`, or null
 */
export async function withLog<T>(
  dataDir: string,
  directory: string | null,
  work: (log: LogAsItIs, refresh: () => Promise<void>) => Promise<T>,
): Promise<T> {
  const path = resolve(directory ?? join(dataDir, 'staging'));
  return withUndo(async (undo) => {
    const owner = await followOwnerOf(path, dataDir, undo);
    const opened = await openLogAsItIs(path, owner === null ? null : owner.endOffset);
    undo.push(() => opened.close());
    owner?.requireLog(opened.log.identity);
    return work(opened, owner?.refresh ?? ((): Promise<void> => Promise.resolve()));
  });
}

/**
 * Runs a work that has the data directory to itself, and may connect to its database.
 * @throws DataDirectoryOwnedError while an application, or another tool, has it.
 */
export async function asOwner<T>(
  config: AppConfig,
  work: (connectDatabase: () => Promise<DataSource>) => Promise<T>,
): Promise<T> {
  return withUndo(async (undo) => {
    const { dataDir } = config;
    if (!existsSync(dataDir)) await findNoLog(dataDir);
    const owner = await DataDirectoryOwner.acquire(dataDir);
    undo.push(() => owner.release());
    return work(() => connectStopped(config, undo));
  });
}

/**
 * Of a staging directory. One that was put aside has another name, and no owner; nor has a copy without a
 * directory for that, or one that may only be read: there, nothing is made. Nor where there is no log.
 */
async function followOwnerOf(
  path: string,
  dataDir: string,
  undo: Undo[],
): Promise<FollowedOwner | null> {
  if (basename(path) !== 'staging' || !existsSync(path)) return null;
  const top = dirname(path);
  if (top === resolve(dataDir)) return followOwner(top, undo);
  if (!existsSync(join(top, 'owner'))) return null;
  return followOwner(top, undo).catch((error: unknown) => {
    if (isForbidden(error)) return null;
    throw error;
  });
}

/** Takes the ownership and answers null, unless an application has it. */
async function followOwner(dataDir: string, undo: Undo[]): Promise<FollowedOwner | null> {
  if ((await findOwner(dataDir)) !== null) return FollowedOwner.ask(dataDir);
  const owner = await DataDirectoryOwner.acquire(dataDir);
  undo.push(() => owner.release());
  return null;
}

async function withUndo<T>(work: (undo: Undo[]) => Promise<T>): Promise<T> {
  const undo: Undo[] = [];
  try {
    return await work(undo);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function openBeside(dataDir: string, undo: Undo[]): Promise<Workspace> {
  const owner = await FollowedOwner.ask(dataDir);
  const opened = await openLogBesideOwner(dataDir, owner.endOffset);
  undo.push(() => opened.close());
  owner.requireLog(opened.log.identity);
  const dataSource = await connect(owner.databaseUrl, undo);
  return { log: opened.log, dataSource, refresh: owner.refresh };
}

/** To become the owner makes the directory. Where there is none, a tool makes nothing. @throws LogDirectoryError */
async function findNoLog(dataDir: string): Promise<void> {
  const opened = await openLogAsItIs(join(dataDir, 'staging'), null);
  await opened.close(); // it is there since a moment ago
}

async function openStopped(config: AppConfig, undo: Undo[]): Promise<Workspace> {
  if (!existsSync(join(config.dataDir, 'staging'))) await findNoLog(config.dataDir);
  const owner = await DataDirectoryOwner.acquire(config.dataDir);
  undo.push(() => owner.release());
  const opened = await openStoppedLog(config.dataDir, (level, message) => {
    process.stderr.write(`${level}: ${message}\n`);
  });
  undo.push(() => opened.close());
  const dataSource = await connectStopped(config, undo);
  return { log: opened.log, dataSource, refresh: () => Promise.resolve() };
}

async function connectStopped(config: AppConfig, undo: Undo[]): Promise<DataSource> {
  const url = config.databaseUrl || (await startEmbedded(config.dataDir, undo));
  return connect(url, undo);
}

async function startEmbedded(dataDir: string, undo: Undo[]): Promise<string> {
  const say = (message: string): void => {
    process.stderr.write(`${message}\n`);
  };
  const postgres = await EmbeddedPostgres.start({
    dataDir,
    log: { info: () => undefined, warn: say, error: say },
  });
  undo.push(() => postgres.stop());
  return postgres.url;
}

async function connect(url: string, undo: Undo[]): Promise<DataSource> {
  const dataSource = await namingConnection(url, () =>
    new DataSource(dataSourceOptions(url)).initialize(),
  );
  undo.push(() => dataSource.destroy());
  return dataSource;
}
