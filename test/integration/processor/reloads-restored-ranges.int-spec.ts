import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { DataSource } from 'typeorm';
import { reloadRange, type ReloadOutcome } from '../../../src/processor/processor.port.js';
import { toOffset, type StagingLogReader } from '../../../src/staging-log/staging-log.port.js';
import { DamagedReader } from './damaged-reader.js';
import { LoadHarness, recordLine } from './load-harness.js';

const line = recordLine('abc', 1);
const AT = line.length;
const bad = 'poison'.padEnd(AT - 1, '.') + '\n';

describe('a quarantined range that was restored is reloaded', () => {
  let harness: LoadHarness;
  let log: DamagedReader;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  /** Ten records of one length; a `!` is one that is none. Loads them with ranges damaged, which then are restored. */
  async function quarantine(records: string, ...ranges: (readonly [number, number])[]) {
    const bytes = Array.from(records, (kind) => (kind === '!' ? bad : line)).join('');
    log = new DamagedReader(await harness.openLogWith(bytes));
    log.damage = ranges.map(([from, to]) => ({ from: from * AT, to: to * AT }));
    await harness.processor(log).runOnce();
    log.damage = [];
  }

  const reload = (
    from: number,
    to: number,
    more: { dataSource?: DataSource; log?: StagingLogReader } = {},
  ): Promise<ReloadOutcome> =>
    reloadRange({
      dataSource: harness.dataSource,
      log,
      dataDir: harness.directory,
      from: toOffset(from * AT),
      to: toOffset(to * AT),
      ...more,
    });

  const everything = async (): Promise<unknown> => ({
    balances: await harness.balances(),
    checkpoints: await harness.checkpoints(),
    deadLetters: await harness.deadLetters(),
  });

  test('with its events, once', async () => {
    await quarantine('..........', [3, 7]);
    expect(await harness.balances()).toEqual({ abc: '6' });
    expect(await reload(3, 7)).toEqual({
      kind: 'reloaded',
      ranges: [{ from: 3 * AT, to: 7 * AT }],
      events: 4,
      deadLetters: 0,
    });
    expect(await harness.balances()).toEqual({ abc: '10' });
    expect(await harness.checkpoints()).toMatchObject([{ offset: 10 * AT, events: 10 }]);
    expect(await harness.deadLetters()).toMatchObject([{ state: 'reloaded' }]);
    const before = await everything();
    expect(await reload(3, 7)).toEqual({ kind: 'nothing-to-reload' });
    expect(await everything()).toEqual(before);
  });

  test('with dead letters of its own, also at the place where it begins', async () => {
    await quarantine('...!.!....', [3, 7]);
    expect(await reload(0, 10)).toMatchObject({ kind: 'reloaded', events: 2, deadLetters: 2 });
    expect(await harness.balances()).toEqual({ abc: '8' });
    expect(await harness.deadLetters()).toMatchObject([
      { offset: String(3 * AT), length: String(AT), code: 'INVALID_JSON', state: 'open' },
      { offset: String(5 * AT), length: String(AT), code: 'INVALID_JSON', state: 'open' },
    ]);
    expect(await reload(0, 10)).toEqual({ kind: 'nothing-to-reload' });
  });

  test('with all others that lie wholly in what was asked for', async () => {
    await quarantine('..........', [0, 1], [1, 2], [5, 6], [9, 10]);
    expect(await reload(1, 9)).toMatchObject({ kind: 'reloaded', events: 2 });
    expect(await harness.balances()).toEqual({ abc: '8' });
    const states = (await harness.deadLetters()).map(({ state }) => state);
    expect(states).toEqual(['open', 'reloaded', 'reloaded', 'open']);
  });

  test('and a load after it goes on where it was', async () => {
    await quarantine('..........', [3, 7]);
    await reload(3, 7);
    expect(await harness.processor(log).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ abc: '10' });
    expect(await harness.mirror()).toMatchObject({ events: 10 });
  });

  test.each([
    ['a part of a range', [4, 10], { kind: 'refused', code: 'RANGE_CUTS_QUARANTINE' }],
    ['the first part of a range', [0, 6], { kind: 'refused', code: 'RANGE_CUTS_QUARANTINE' }],
    ['what is not loaded yet', [3, 11], { kind: 'refused', code: 'RANGE_BEYOND_CHECKPOINT' }],
    ['where nothing is quarantined', [7, 10], { kind: 'nothing-to-reload' }],
  ] as const)('but not %s', async (_what, [from, to], expected) => {
    await quarantine('..........', [3, 7]);
    const before = await everything();
    const outcome = await reload(from, to);
    expect(outcome).toMatchObject(expected);
    expect(await everything()).toEqual(before);
  });

  test('but not a part of it, which the refusal names', async () => {
    await quarantine('..........', [3, 7]);
    const named = expect.stringContaining(`${3 * AT} to ${7 * AT}`);
    expect(await reload(3, 6)).toHaveProperty('message', named);
  });

  test.each([
    ['all of it', [3, 7]],
    ['its end', [6, 7]],
    ['more than it', [6, 9]],
  ] as const)('but not while %s is still damaged', async (_what, [from, to]) => {
    await quarantine('..........', [0, 2], [3, 7]);
    const before = await everything();
    log.damage = [{ from: from * AT, to: to * AT }];
    const outcome = await reload(0, 10);
    expect(outcome).toMatchObject({ kind: 'still-damaged' });
    expect(outcome).toHaveProperty('message', expect.stringContaining('BLOCK_CORRUPT'));
    expect(await everything()).toEqual(before);
    log.damage = [];
    expect(await reload(0, 10)).toMatchObject({ kind: 'reloaded', events: 6 });
  });

  test('but not when no record ends where it ended', async () => {
    await quarantine('..........', [3, 7]);
    await harness.dataSource.query('update dead_letters set length = length - 5');
    expect(await reload(3, 7)).toMatchObject({ kind: 'still-damaged' });
    expect(await harness.balances()).toEqual({ abc: '6' });
  });

  test('but not when somebody has dealt with it in another way', async () => {
    await quarantine('..........', [3, 7]);
    await harness.dataSource.query(`update dead_letters set state = 'sent again'`);
    expect(await reload(3, 7)).toEqual({ kind: 'nothing-to-reload' });
    expect(await harness.balances()).toEqual({ abc: '6' });
  });

  test('but no range of another log, and nothing of a log that was never loaded', async () => {
    await quarantine('..........', [3, 7]);
    const other = await harness.openLog('other');
    expect(await reload(0, 0, { log: other })).toEqual({ kind: 'nothing-to-reload' });
    await harness.dataSource.query('update dead_letters set log_id = $1', [other.identity]);
    expect(await reload(3, 7)).toEqual({ kind: 'nothing-to-reload' });
  });

  test('but not from a log that is not the one that was loaded', async () => {
    await quarantine('..........', [3, 7]);
    await harness.dataSource.query(`update load_checkpoint set fingerprint = 'other'`);
    expect(await reload(3, 7)).toMatchObject({ kind: 'refused', code: 'LOG_FORKED' });
    expect(await harness.balances()).toEqual({ abc: '6' });
  });

  test('of more users than one statement takes', async () => {
    const users = 120_000;
    const lines = Array.from({ length: users }, (_, n) => recordLine(`user-${n}`, 1)).join('');
    const whole = await harness.openLogWith(lines + line);
    log = new DamagedReader(whole);
    log.damage = [{ from: 0, to: lines.length }];
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '1' });
    log.damage = [];
    expect(await reload(0, lines.length / AT)).toMatchObject({ kind: 'reloaded', events: users });
    const [row] = await harness.dataSource.query<{ users: number; revenue: number }[]>(
      'select count(*)::int as users, sum(revenue)::int as revenue from users_revenue',
    );
    expect(row).toEqual({ users: users + 1, revenue: users + 1 });
  });
});
