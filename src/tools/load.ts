import type { DataSource } from 'typeorm';
import { appConfig } from '../shared/config/config.js';
import { FoldPool, Processor, type LoadReport } from '../processor/processor.port.js';
import { estimateUserHours } from '../revenue/revenue.port.js';
import { parseOptions } from './log-arguments.js';
import { ProgressParts } from './progress.js';
import { runCommand } from './run-command.js';
import { WatchedLog } from './watched-log.js';
import { withWorkspace, type Workspace } from './workspace.js';

/** 0: everything durable is loaded; 1: stopped before; 2: refused, the log is not the right one; 3: failed. */
const EXIT_CODES = { 'caught-up': 0, stopped: 1, busy: 1, 'wrong-log': 2 } as const;

/**
 * A line of each batch on standard output, and on standard error how much of the backlog is read. A batch is
 * committed after that, which takes time by its users; the line comes then. At last, how many of the rows of users over
 * time were gone through for their roll-up.
 */
class LoadProgress {
  private readonly parts = new ProgressParts();
  private readonly read = this.parts.part('load, the log');
  /** In rows. */
  readonly rollUp = this.parts.part('load, roll-up of users', 'rows');
  private from: number | null = null;

  /** @param end of the log; what comes behind the first one that is told is not this run's */
  constructor(private readonly end: number) {}

  readonly reach = (offset: number): void => {
    this.from ??= offset;
    const [done, total] = [offset - this.from, this.end - this.from];
    if (done <= total) this.read(done, total);
  };

  readonly say = ({ events, users, toOffset, durationMs }: LoadReport): void => {
    this.parts.clear();
    process.stdout.write(
      `loaded ${events} events of ${users} users up to offset ${toOffset} in ${durationMs} ms\n`,
    );
  };

  close(): void {
    this.parts.end();
  }
}

const COMMAND = {
  name: 'load',
  usage:
    'usage: npm run load, without arguments; variables in the environment or .env.local set the rest\n',
};

runCommand(COMMAND, async () => {
  parseOptions(process.argv.slice(2), {});
  const stop = new AbortController();
  process.once('SIGINT', () => {
    stop.abort();
  });
  process.once('SIGTERM', () => {
    stop.abort();
  });
  const pool = new FoldPool();
  const outcome = await withWorkspace(appConfig, (workspace) =>
    run(workspace, pool, stop.signal),
  ).finally(() => pool.close());
  process.stdout.write(`${describe(outcome)}\n`);
  return EXIT_CODES[outcome.kind];
});

function describe(outcome: Outcome): string {
  if (outcome.kind === 'wrong-log') return `${outcome.code}: ${outcome.message}`;
  if (!outcome.isEmpty) return outcome.kind;
  return `${outcome.kind}: the log in ${appConfig.dataDir} is empty; send events, or set DATA_DIR to that of the application`;
}

type Outcome = Awaited<ReturnType<Processor['runOnce']>> & { readonly isEmpty: boolean };

async function run(
  { log, dataSource, refresh }: Workspace,
  pool: FoldPool,
  stop: AbortSignal,
): Promise<Outcome> {
  const progress = new LoadProgress(log.endOffset());
  const processor = new Processor({
    ...{ dataSource, refresh, pool, stop, dataDir: appConfig.dataDir },
    log: new WatchedLog(log, progress.reach),
    bounds: {
      usersMax: appConfig.loadUsersMax,
      readMsMax: appConfig.loadReadMsMax,
      byHour: appConfig.userHistory,
    },
    historyHoursMax: appConfig.historyHoursMax,
    rollUp: { msMax: 0 }, // the rest below, where it is shown
    onCheckpoint: ({ offset }) => {
      progress.reach(offset);
    },
    onLoad: progress.say,
  });
  try {
    const outcome = await processor.runOnce();
    if (outcome.kind === 'caught-up' && appConfig.userHistory) {
      await rollUpUsers({ processor, dataSource, stop }, progress.rollUp);
    }
    return { ...outcome, isEmpty: log.endOffset() === 0 };
  } finally {
    progress.close();
  }
}

interface RollUp {
  readonly processor: Processor;
  readonly dataSource: DataSource;
  readonly stop: AbortSignal;
}

/** All that is due: whoever calls this once in a while has no later run that goes on with it. */
async function rollUpUsers(
  { processor, dataSource, stop }: RollUp,
  report: (done: number, total: number) => void,
): Promise<void> {
  const total = await estimateUserHours(dataSource.manager);
  let [done, isOver] = [0, false];
  while (!stop.aborted && !isOver) {
    report(Math.min(done, total), total);
    const portion = await processor.rollUpUsers();
    done += portion.rows;
    ({ isOver } = portion);
  }
}
