import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { temporaryDirectory } from '../../support/running-application.js';
import { LoadHarness } from '../processor/load-harness.js';
import { HOURS_FOR_EVER } from './history-harness.js';
import { ShareHarness } from './share-harness.js';

const HOUR_MS = 3_600_000;
/** Eleven years. */
const HOURS = 100_000;
const TIMES = 2;
const FIRST = Date.parse('2014-01-01T00:00:00Z');
const HEAP_MB = 96;
const TOOLS = join(import.meta.dirname, '../../../dist/src/tools');

describe('verify and rebuild of a log of eleven years', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  /** A tool that dies when its heap grows beyond the bound. */
  async function run(command: string): Promise<{ code: unknown; stdout: string; stderr: string }> {
    const [tool, ...more] = command.split(' ');
    const flags = [`--max-old-space-size=${HEAP_MB}`, join(TOOLS, `${tool}.js`), ...more];
    const child = spawn(process.execPath, flags, {
      cwd: await temporaryDirectory(),
      env: {
        PATH: process.env['PATH'],
        DATA_DIR: harness.dataDir(),
        DATABASE_URL: harness.database.url,
      },
    });
    const closed = once(child, 'close');
    const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
    return { code: (await closed)[0] as unknown, stdout, stderr };
  }

  /** Each hour some records, far from each other, so that all hours are under way at once. */
  function records(): string {
    const lines: string[] = [];
    for (let index = 0; index < HOURS * TIMES; index++) {
      const timestamp = FIRST + (index % HOURS) * HOUR_MS + index;
      lines.push(
        JSON.stringify({ timestamp, userId: 'abc', name: 'add_revenue', value: index / 8 }),
      );
    }
    return `${lines.join('\n')}\n`;
  }

  test('stay within a small heap, with the shares of others too', async () => {
    const log = await harness.openLogWith(records());
    await harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
    const other = await harness.openLogWith(records(), 'other');
    await harness.processor(other, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
    const share = join(harness.directory, 'other.share');
    const shares = new ShareHarness(harness);
    await writeFile(share, (await shares.compute(other, harness.dataDir('other'))).written);
    await log.close();
    const read = `${2 * HOURS * TIMES} events of 1 users in ${HOURS} hours`;
    const exact = { code: 0, stdout: expect.stringContaining(read) };
    expect(await run(`verify --share ${share}`)).toMatchObject(exact);
    await harness.dataSource.query('truncate revenue_history');
    expect(await run(`verify --share ${share}`)).toMatchObject({
      code: 1,
      stdout: expect.stringContaining(`and ${HOURS} hours or days (${read}`),
    });
    expect(await run(`rebuild --share ${share}`)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${HOURS} rows of revenue over time changed`),
    });
    expect(await run(`verify --share ${share}`)).toMatchObject(exact);
    const sums: unknown = await harness.dataSource.query(
      `select trim_scale(sum(revenue))::text as all, count(*)::int as hours,
              (select trim_scale(revenue)::text from users_revenue) as balance from revenue_history`,
    );
    const events = BigInt(HOURS * TIMES);
    const all = String((events * (events - 1n)) / 8n);
    expect(sums).toEqual([{ all, hours: HOURS, balance: all }]);
  });
});
