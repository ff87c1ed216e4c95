import { appConfig } from '../shared/config/config.js';
import { FoldPool, Processor, type LoadReport } from '../processor/processor.port.js';
import { runCommand } from './run-command.js';
import { withWorkspace } from './workspace.js';

/** 0: everything durable is loaded; 1: stopped before; 2: refused, the log is not the right one; 3: failed. */
const EXIT_CODES = { 'caught-up': 0, stopped: 1, busy: 1, 'wrong-log': 2 } as const;

function say({ events, users, toOffset, durationMs }: LoadReport): void {
  process.stdout.write(
    `loaded ${events} events of ${users} users up to offset ${toOffset} in ${durationMs} ms\n`,
  );
}

runCommand(async () => {
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
  });
  process.once('SIGTERM', () => {
    stop.abort();
  });
  const pool = new FoldPool();
  const outcome = await withWorkspace(appConfig, (workspace) =>
    new Processor({
      dataSource: workspace.dataSource,
      log: workspace.log,
      dataDir: appConfig.dataDir,
      bounds: { usersMax: appConfig.loadUsersMax, readMsMax: appConfig.loadReadMsMax },
      pool,
      stop: stop.signal,
      onCheckpoint: () => undefined,
      onLoad: say,
      refresh: () => workspace.refresh(),
    }).runOnce(),
  ).finally(() => pool.close());
  const text = outcome.kind === 'wrong-log' ? `${outcome.code}: ${outcome.message}` : outcome.kind;
  process.stdout.write(`${text}\n`);
  return EXIT_CODES[outcome.kind];
});
