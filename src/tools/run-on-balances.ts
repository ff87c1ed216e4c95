import { parseArgs } from 'node:util';
import type { DataSource } from 'typeorm';
import { boundHeap } from './bound-heap.js';
import { appConfig } from '../shared/config/config.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import { Progress } from './progress.js';
import { withWorkspace } from './workspace.js';

/** What a tool that recomputes the balances is given. */
interface Task {
  readonly dataSource: DataSource;
  readonly log: StagingLogReader;
  readonly dataDir: string;
  readonly userHistory: boolean;
  readonly shareFiles: readonly string[];
  readonly refresh: () => Promise<void>;
  readonly onProgress: (done: number, total: number) => void;
  readonly onUsers: (done: number, total: number) => void;
}

/**
 * Runs a tool that takes `--share FILE`, once for each other log, on this data directory, and shows how far
 * it is: first in the log, then among the users.
 * @returns null, after telling how it is used, where the arguments make no sense.
 */
export async function runOnBalances<T>(
  name: string,
  work: (task: Task) => Promise<T>,
): Promise<T | null> {
  const shareFiles = readShareFiles(name);
  if (shareFiles === null) return null;
  boundHeap();
  const reading = new Progress(`${name}, the log`);
  const comparing = new Progress(`${name}, users`, 'users');
  const result = await withWorkspace(appConfig, ({ log, dataSource, refresh }) =>
    work({
      ...{ log, dataSource, refresh, shareFiles, dataDir: appConfig.dataDir },
      userHistory: appConfig.userHistory,
      onProgress: reading.report,
      onUsers: comparing.report,
    }),
  );
  reading.end();
  comparing.end();
  return result;
}

/** The files that `--share` names, or null for arguments that make no sense. */
function readShareFiles(name: string): readonly string[] | null {
  try {
    const { values } = parseArgs({ options: { share: { type: 'string', multiple: true } } });
    return values.share ?? [];
  } catch (error) {
    const usage = `usage: npm run ${name} [-- --share FILE ...], one file of each other log that feeds the table`;
    process.stderr.write(`${String(error)}\n${usage}\n`);
    return null;
  }
}
