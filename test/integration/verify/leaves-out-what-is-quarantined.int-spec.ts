import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { reloadRange } from '../../../src/processor/processor.port.js';
import { START_OF_LOG, toOffset } from '../../../src/staging-log/staging-log.port.js';
import { verifyBalances, type Verification } from '../../../src/verify/verify.port.js';
import { DamagedReader, type Damage } from '../processor/damaged-reader.js';
import { LoadHarness, recordLine } from '../processor/load-harness.js';
import { historyRows, HOURS_FOR_EVER } from './history-harness.js';

const line = recordLine('abc', 1);
const AT = line.length;

describe('verify leaves out what is quarantined', () => {
  let harness: LoadHarness;
  let log: DamagedReader;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    log = new DamagedReader(await harness.openLogWith(line.repeat(10)));
  });
  afterAll(() => harness.remove());

  const verify = (): Promise<Verification> =>
    verifyBalances({
      dataSource: harness.dataSource,
      log,
      dataDir: harness.directory,
      refresh: () => Promise.resolve(),
      onProgress: () => undefined,
    });

  const damage = (...ranges: (readonly [number, number])[]): Damage[] =>
    ranges.map(([from, to]) => ({ from: from * AT, to: to * AT }));

  async function load(...ranges: (readonly [number, number])[]): Promise<void> {
    log.damage = damage(...ranges);
    await harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
  }

  const exact = (events: number, deadLetters: number): object => ({
    kind: 'exact',
    events: { inLog: events, inTable: events },
    deadLetters: { inLog: deadLetters, inTable: deadLetters },
  });

  test('while it is damaged, when it is restored, and not when it is reloaded', async () => {
    await load([0, 1], [3, 7]);
    expect(await verify()).toMatchObject(exact(5, 2));
    log.damage = [];
    expect(await verify()).toMatchObject(exact(5, 2));
    const all = { from: START_OF_LOG, to: toOffset(10 * AT) };
    const options = { dataSource: harness.dataSource, log, dataDir: harness.directory, ...all };
    expect(await reloadRange(options)).toMatchObject({ kind: 'reloaded' });
    expect(await verify()).toMatchObject(exact(10, 0));
    expect(Object.values(await historyRows(harness.dataSource))).toEqual(['10']);
  });

  test('so it finds a quarantined range whose events were added by hand', async () => {
    await load([3, 7]);
    await harness.dataSource.query('update users_revenue set revenue = revenue + 4');
    expect(await verify()).toMatchObject({ kind: 'drift', differencesTotal: 1 });
  });

  test('so it finds a quarantined range whose events were added by hand to their hour', async () => {
    await load([3, 7]);
    await harness.dataSource.query('update revenue_history set revenue = revenue + 4');
    expect(await verify()).toMatchObject({
      ...{ kind: 'drift', differencesTotal: 0, historyDifferencesTotal: 1 },
      historyDifferences: [{ inLog: '6', inTable: '10' }],
    });
  });

  test('so it finds a range that is called reloaded, and is not', async () => {
    await load([3, 7]);
    log.damage = [];
    await harness.dataSource.query(`update dead_letters set state = 'reloaded'`);
    expect(await verify()).toMatchObject({
      kind: 'drift',
      events: { inLog: 10, inTable: 6 },
      differences: [{ userId: 'abc', inLog: '10', inTable: '6' }],
      historyDifferences: [{ inLog: '10', inTable: '6' }],
    });
  });

  test('also when somebody has dealt with it in another way', async () => {
    await load([3, 7]);
    await harness.dataSource.query(`update dead_letters set state = 'sent again'`);
    expect(await verify()).toMatchObject(exact(6, 1));
  });

  test('but refuses what was damaged after it was loaded, and names it', async () => {
    await load([3, 7]);
    log.damage = damage([3, 7], [8, 9]);
    const verification = await verify();
    expect(verification).toMatchObject({ kind: 'refused', code: 'LOG_DAMAGED' });
    expect(verification).toHaveProperty(
      'message',
      expect.stringContaining(`${8 * AT} to ${9 * AT}`),
    );
    log.damage = damage([3, 7]);
    expect(await verify()).toMatchObject(exact(6, 1));
  });

  test('but refuses the part of a damaged block that was loaded before, until it is restored', async () => {
    const bounds = { usersMax: 1, readMsMax: 60_000 };
    const stop = new AbortController();
    const onLoad = (): void => {
      stop.abort();
    };
    log.damage = damage([5, 10]);
    await harness.processor(log, { bounds, stop: stop.signal, onLoad }).runOnce();
    await load([2, 8]); // the block that begins before the checkpoint is damaged now
    expect(await harness.balances()).toEqual({ abc: '7' });
    const refused = await verify();
    expect(refused).toMatchObject({ kind: 'refused', code: 'LOG_DAMAGED' });
    expect(refused).toHaveProperty('message', expect.stringContaining(`${2 * AT} to ${5 * AT}`));
    log.damage = [];
    expect(await verify()).toMatchObject(exact(7, 1));
  });

  test('but refuses a range behind which nothing ends as it did', async () => {
    await load([3, 7]);
    await harness.dataSource.query(`update dead_letters set "offset" = "offset" - 5`);
    expect(await verify()).toMatchObject({ kind: 'refused', code: 'LOG_DAMAGED' });
  });
});
