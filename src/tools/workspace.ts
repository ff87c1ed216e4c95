import 'reflect-metadata';
import { DataSource } from 'typeorm';
import type { AppConfig } from '../shared/config/app-config.js';
import { DataDirectoryOwner } from '../shared/data-directory/data-directory-owner.js';
import { findOwner } from '../shared/data-directory/find-owner.js';
import { dataSourceOptions } from '../shared/database/data-source-options.js';
import { EmbeddedPostgres } from '../shared/database/embedded/embedded-postgres.js';
import { openLogBesideOwner, openStoppedLog } from '../staging-log/log-tools.port.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';

/** The application has the data directory, but cannot serve tools at this moment. */
export class ApplicationBusyError extends Error {
  readonly code = 'APPLICATION_BUSY';
}

/** What a tool works on: the log and the database of a data directory. */
export interface Workspace {
  readonly log: StagingLogReader;
  readonly dataSource: DataSource;
  /** Beside a running application: asks it anew how far its log is durable. */
  refresh(): Promise<void>;
}

type Undo = () => Promise<unknown>;

/**
 * Opens a data directory for a tool, and closes it whatever happens. Beside a running application
 * it uses that one's database and durable end; with it stopped it takes the ownership and starts
 * the embedded database itself.
 */
export async function withWorkspace<T>(
  config: AppConfig,
  work: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const undo: Undo[] = [];
  try {
    const running = await findOwner(config.dataDir);
    const workspace =
      running === null ? await openStopped(config, undo) : await openBeside(config.dataDir, undo);
    return await work(workspace);
  } finally {
    for (const step of undo.reverse()) await step();
  }
}

async function openBeside(dataDir: string, undo: Undo[]): Promise<Workspace> {
  let { endOffset, databaseUrl } = await askOwner(dataDir);
  const opened = await openLogBesideOwner(dataDir, () => endOffset);
  undo.push(() => opened.close());
  const refresh = async (): Promise<void> => {
    ({ endOffset, databaseUrl } = await askOwner(dataDir));
  };
  return { log: opened.log, dataSource: await connect(databaseUrl, undo), refresh };
}

async function askOwner(dataDir: string): Promise<{ endOffset: number; databaseUrl: string }> {
  const hello = await findOwner(dataDir);
  const { endOffset, databaseUrl } = hello ?? {};
  if (endOffset !== undefined && databaseUrl !== undefined) return { endOffset, databaseUrl };
  const message = `the application that uses ${dataDir} is starting or stopping; try again in a moment`;
  throw new ApplicationBusyError(message);
}

async function openStopped(config: AppConfig, undo: Undo[]): Promise<Workspace> {
  const owner = await DataDirectoryOwner.acquire(config.dataDir);
  undo.push(() => owner.release());
  const opened = await openStoppedLog(config.dataDir, (level, message) => {
    process.stderr.write(`${level}: ${message}\n`);
  });
  undo.push(() => opened.close());
  const url = config.databaseUrl || (await startEmbedded(config.dataDir, undo));
  const dataSource = await connect(url, undo);
  return { log: opened.log, dataSource, refresh: () => Promise.resolve() };
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
  const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
  undo.push(() => dataSource.destroy());
  return dataSource;
}
