import { appConfig } from '../shared/config/config.js';
import { FoldPool, Processor, type LoadReport } from '../processor/processor.port.js';
import { Progress } from './progress.js';
import { runCommand } from './run-command.js';
import { withWorkspace } from './workspace.js';

/** 0: everything durable is loaded; 1: stopped before; 2: refused, the log is not the right one; 3: failed. */
const EXIT_CODES = { 'caught-up': 0, stopped: 1, busy: 1, 'wrong-log': 2 } as const;

/** How often the bar goes on while a batch is read and committed. */
const BAR_EVERY_MS = 500;

/** A line of each batch on standard output, and on standard error how much of the backlog is loaded. */
class LoadProgress {
  private readonly progress = new Progress('load');
  private place: { readonly from: number; readonly goal: number; at: number } | null = null;
  private readonly timer = setInterval(() => {
    this.show();
  }, BAR_EVERY_MS);

  /** @param end of the log; what comes behind the first one that is told is not this run's */
  reach(offset: number, end: number): void {
    this.place ??= { from: offset, goal: end, at: offset };
    this.place.at = offset;
    this.show();
  }

  say({ events, users, toOffset, durationMs }: LoadReport): void {
    this.progress.clear();
    process.stdout.write(
      `loaded ${events} events of ${users} users up to offset ${toOffset} in ${durationMs} ms\n`,
    );
    this.show();
  }

  end(): void {
    clearInterval(this.timer);
    this.progress.end();
  }

  private show(): void {
    if (this.place === null) return;
    const { from, goal, at } = this.place;
    if (at < goal) this.progress.report(at - from, goal - from);
  }
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
  const progress = new LoadProgress();
  const outcome = await withWorkspace(appConfig, (workspace) =>
    new Processor({
      dataSource: workspace.dataSource,
      log: workspace.log,
      dataDir: appConfig.dataDir,
      bounds: { usersMax: appConfig.loadUsersMax, readMsMax: appConfig.loadReadMsMax },
      historyHoursMax: appConfig.historyHoursMax,
      pool,
      stop: stop.signal,
      onCheckpoint: ({ offset }) => {
        progress.reach(offset, workspace.log.endOffset());
      },
      onLoad: (report) => {
        progress.say(report);
      },
      refresh: () => workspace.refresh(),
    }).runOnce(),
  ).finally(() => {
    progress.end();
    return pool.close();
  });
  const text = outcome.kind === 'wrong-log' ? `${outcome.code}: ${outcome.message}` : outcome.kind;
  process.stdout.write(`${text}\n`);
  return EXIT_CODES[outcome.kind];
});
