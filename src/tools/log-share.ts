import type { Writable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { appConfig } from '../shared/config/config.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import { computeShare } from '../verify/verify.port.js';
import { parseOptions } from './log-arguments.js';
import { withOutput, type Written } from './log-output.js';
import { Progress } from './progress.js';
import { withDatabase, withLog, withWorkspace } from './workspace.js';

interface Shared {
  readonly log: StagingLogReader;
  readonly dataSource: DataSource;
  readonly refresh: () => Promise<void>;
  readonly dataDir?: string;
}

/** 0; 2 when it is refused, and nothing is written. */
export async function share(args: readonly string[]): Promise<number> {
  const { log: directory, out } = parseOptions(args, {
    log: { type: 'string' },
    out: { type: 'string' },
  });
  const write = (shared: Shared): Promise<number> =>
    withOutput(out, (stream) => writeShare(shared, stream));
  const { dataDir } = appConfig;
  if (directory === undefined) {
    return withWorkspace(appConfig, ({ log, dataSource, refresh }) =>
      write({ log, dataSource, refresh, dataDir }),
    );
  }
  // Its checkpoint is in the database of this data directory; its checkpoint.json is not.
  return withDatabase(appConfig, (dataSource) =>
    withLog(dataDir, directory, ({ log }, refresh) => write({ log, dataSource, refresh })),
  );
}

async function writeShare(shared: Shared, out: Writable): Promise<Written> {
  const progress = new Progress('share');
  const onProgress = (done: number, total: number): void => {
    progress.report(done, total);
  };
  const computed = await computeShare({ ...shared, onProgress }, out).finally(() => {
    progress.end();
  });
  if (computed.kind === 'refused') {
    process.stderr.write(`refused, ${computed.code}: ${computed.message}\n`);
    return { exitCode: 2, keep: false };
  }
  const { events, users, offset, identity } = computed.header;
  process.stderr.write(
    `share of the log ${identity} up to offset ${offset}: ${events} events of ${users} users\n`,
  );
  return { exitCode: 0, keep: true };
}
