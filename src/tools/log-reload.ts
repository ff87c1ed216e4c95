import { appConfig } from '../shared/config/config.js';
import { reloadRange, type ReloadOutcome } from '../processor/processor.port.js';
import { parseOffset, parseOptions, UsageError } from './log-arguments.js';
import { Progress } from './progress.js';
import { WatchedLog } from './watched-log.js';
import { withWorkspace } from './workspace.js';

/** 1: there is nothing to take in; 2: still damaged, or refused. */
const EXIT_CODES = {
  reloaded: 0,
  'nothing-to-reload': 1,
  'still-damaged': 2,
  refused: 2,
} as const satisfies Record<ReloadOutcome['kind'], number>;

export async function reload(args: readonly string[]): Promise<number> {
  const { from, to } = parseOptions(args, { from: { type: 'string' }, to: { type: 'string' } });
  if (from === undefined || to === undefined) throw new UsageError('reload takes --from and --to');
  const range = { from: parseOffset('from', from), to: parseOffset('to', to) };
  if (range.to <= range.from) throw new UsageError('--to has to be behind --from');
  const progress = new Progress('reload');
  const outcome = await withWorkspace(appConfig, ({ dataSource, log, refresh }) =>
    reloadRange({
      ...{ dataSource, refresh, dataDir: appConfig.dataDir, ...range },
      log: new WatchedLog(log, (offset) => {
        progress.report(offset - range.from, range.to - range.from);
      }),
    }),
  ).finally(() => {
    progress.end();
  });
  const stream = outcome.kind === 'reloaded' ? process.stdout : process.stderr;
  stream.write(`${describe(outcome, range)}\n`);
  return EXIT_CODES[outcome.kind];
}

function describe(outcome: ReloadOutcome, { from, to }: { from: number; to: number }): string {
  switch (outcome.kind) {
    case 'reloaded': {
      const { events, deadLetters, ranges } = outcome;
      const list = ranges.map((range) => `${range.from} to ${range.to}`).join(', ');
      return `reloaded ${events} events of the ranges ${list}; ${deadLetters} records are dead letters`;
    }
    case 'nothing-to-reload':
      return `nothing to reload: no range from ${from} to ${to} is quarantined`;
    case 'still-damaged':
      return `still damaged, nothing was reloaded: ${outcome.message}`;
    case 'refused':
      return `refused, ${outcome.code}: ${outcome.message}`;
    default:
      return outcome satisfies never;
  }
}
