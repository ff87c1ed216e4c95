import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { StatementProxy } from '../../support/statement-proxy.js';
import { Terminal } from '../../support/terminal.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { BY_HOUR } from '../processor/user-history-bench.js';

const TOOLS = join(import.meta.dirname, '../../../dist/src/tools');
const BAR = / \[[#.]{30}\] \d+ %, \d+ (?:hours|rows)\/s, (?:\d+|\?) s left /;

/** Each waits at a statement for the bar, so that it may be as fast as it likes. */
describe('what takes long of revenue by user has a bar', () => {
  let harness: LoadHarness;
  let proxy: StatementProxy;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());
  beforeEach(async () => {
    await harness.reset();
    const log = await harness.openLog();
    await append(log, ['abc', 5], ['x', 7]);
    await harness.processor(log, { bounds: BY_HOUR, dataDir: harness.dataDir() }).runOnce();
    await log.close();
    proxy = await StatementProxy.open(harness.database.url);
  });
  afterEach(() => proxy.close());

  const onTerminal = (tool: string): Terminal =>
    Terminal.run(`cd "${harness.directory}" && "${process.execPath}" "${join(TOOLS, tool)}"`, {
      DATA_DIR: harness.dataDir(),
      DATABASE_URL: proxy.url,
      USER_HISTORY: 'true',
    });

  /** What stays on the line that was drawn over. */
  const left = (output: string): string => output.slice(output.lastIndexOf('\r\u001b[K') + 4);

  test.each(['verify', 'rebuild'])('in npm run %s, behind that of users', async (tool) => {
    proxy.watch(/declare user_hours/, async (exchange) => {
      await eventually(() => BAR.test(terminal.output));
      exchange.deliver();
      exchange.release();
    });
    const terminal = onTerminal(`${tool}.js`);
    expect(await terminal.exit()).toBe(0);
    await proxy.struckEnd;
    expect(proxy.struck).not.toBeNull();
    expect(terminal.output).toMatch(new RegExp(`${tool}, hours of users${BAR.source}`));
    expect(left(terminal.output)).toMatch(/^exact/);
  });

  test('in npm run load, while old hours become days', async () => {
    await harness.dataSource.query(
      `insert into user_revenue_history
       select 'user-' || n, 'hour', '2025-01-01', 1 from generate_series(1, 60000) as n`,
    );
    const portion = /with portion as materialized/;
    proxy.watch(portion, (first) => {
      proxy.watch(portion, async (second) => {
        await eventually(() => BAR.test(terminal.output));
        second.deliver();
        second.release();
      });
      first.deliver();
      first.release();
    });
    const terminal = onTerminal('load.js');
    expect(await terminal.exit()).toBe(0);
    await proxy.struckEnd;
    expect(terminal.output).toMatch(new RegExp(`load, roll-up of users${BAR.source}`));
    expect(left(terminal.output)).toBe('caught-up\r\n');
    const hours: unknown[] = await harness.dataSource.query(
      `select from user_revenue_history where bucket = 'hour' and start < '2025-02-01'`,
    );
    expect(hours).toEqual([]);
  });
});
