import type { DataSource } from 'typeorm';
import { boundHeap } from './bound-heap.js';
import { appConfig } from '../shared/config/config.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import { parseOptions } from './log-arguments.js';
import { ProgressParts } from './progress.js';
import type { Command } from './run-command.js';
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
  readonly onUserHours: (done: number, total: number) => void;
}

/**
 * Runs a tool that takes `--share FILE`, once for each other log, on this data directory, and shows how far
 * it is: first in the log, then among the users, then among their hours, where these are kept.
 * @throws UsageError for other arguments.
 */
export async function runOnBalances<T>(name: string, work: (task: Task) => Promise<T>): Promise<T> {
  const options = { share: { type: 'string', multiple: true } } as const;
  const { share: shareFiles = [] } = parseOptions(process.argv.slice(2), options);
  boundHeap();
  const progress = new ProgressParts();
  try {
    return await withWorkspace(appConfig, ({ log, dataSource, refresh }) =>
      work({
        ...{ log, dataSource, refresh, shareFiles, dataDir: appConfig.dataDir },
        userHistory: appConfig.userHistory,
        onProgress: progress.part(`${name}, the log`),
        onUsers: progress.part(`${name}, users`, 'users'),
        onUserHours: progress.part(`${name}, hours of users`, 'hours'),
      }),
    );
  } finally {
    progress.end();
  }
}

/** How such a tool is called. */
export const balancesCommand = (name: string): Command => ({
  name,
  usage: `usage: npm run ${name} [-- --share FILE ...], one file of each other log that feeds the table\n`,
});
