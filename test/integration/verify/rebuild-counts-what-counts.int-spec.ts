import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { correctionId, type DeadLetterPlace } from '../../../src/shared/event/reserved-id.js';
import { encodeEventPayload } from '../../../src/shared/event/event-codec.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { DamagedReader } from '../processor/damaged-reader.js';
import { append, LoadHarness, recordLine } from '../processor/load-harness.js';
import { historyRows, HOURS_FOR_EVER } from './history-harness.js';
import { ShareHarness } from './share-harness.js';

const OTHER = '22222222-2222-4222-8222-222222222222';

describe('rebuild and verify count', () => {
  let harness: LoadHarness;
  let shares: ShareHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    shares = new ShareHarness(harness);
  });
  afterAll(() => harness.remove());

  const query = (sql: string, parameters: unknown[] = []): Promise<unknown> =>
    harness.dataSource.query(sql, parameters);

  describe('of the records that correct a dead letter', () => {
    let log: LocalStagingLog;
    let places: number[];
    beforeEach(async () => {
      await (await harness.openLogWith(`poison\n${recordLine('abc', 5)}`)).close();
      log = await open();
      places = [];
      await correct({ logId: log.identity, offset: 0 }, 100);
      await correctAgain({ logId: log.identity, offset: 0 }, 100);
      await correct({ logId: OTHER, offset: 7 }, 0.5);
      await append(log, ['abc', 1]);
      await harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
      await query('truncate resubmissions');
    });

    async function correct(deadLetter: DeadLetterPlace, value: number): Promise<void> {
      places.push(log.endOffset());
      const payload = encodeEventPayload({ userId: 'abc', name: 'add_revenue', value });
      const result = await log.append([{ id: correctionId(deadLetter), payload }]);
      expect(result).toEqual({ kind: 'durable', outcomes: ['appended'] });
    }

    /** As a resend makes it when its id was forgotten. */
    async function correctAgain(deadLetter: DeadLetterPlace, value: number): Promise<void> {
      places.push(log.endOffset());
      const id = correctionId(deadLetter);
      const record = { timestamp: 1, id, userId: 'abc', name: 'add_revenue', value };
      await log.close();
      await (await harness.openLogWith(`${JSON.stringify(record)}\n`)).close();
      log = await open();
    }

    const open = () => harness.openLog('data', { now: () => 1_763_900_000_000 });

    /** Which record counts for a dead letter, as a load leaves it behind. */
    const count = (
      logId: string,
      offset: number,
      loaded: { by: string | null; at: number | null },
    ) =>
      query(
        `insert into resubmissions (log_id, "offset", event, loaded_log_id, loaded_offset, loaded_at)
         values ($1, $2, '', $3, $4, now())`,
        [logId, offset, loaded.by, loaded.at],
      );

    /** `hours`: of 1970, of the first record, and of those that were appended now. */
    async function expectRebuilt(
      revenue: string,
      events: number,
      hours: readonly string[],
    ): Promise<void> {
      await shares.rebuild(log);
      expect(await harness.balances()).toEqual({ abc: revenue });
      const rows = Object.values(await historyRows(harness.dataSource));
      expect(rows.filter((sum) => sum !== '0')).toEqual(hours);
      const exact = { events: { inLog: events, inTable: events }, deadLetters: { inLog: 1 } };
      expect(await shares.verify(log)).toMatchObject({ kind: 'exact', ...exact });
      expect((await shares.rebuild(log)).kind).toBe('exact');
      const { outcome } = await shares.compute(log);
      expect(outcome).toMatchObject({ header: { events, deadLetters: 1 } });
    }

    test('none that the database does not name', async () => {
      await expectRebuilt('6', 2, ['5', '1']);
    });

    test('none that is claimed, but not loaded', async () => {
      await count(log.identity, 0, { by: null, at: null });
      await expectRebuilt('6', 2, ['5', '1']);
    });

    test('the first one', async () => {
      await count(log.identity, 0, { by: log.identity, at: places[0] ?? 0 });
      await expectRebuilt('106', 3, ['5', '101']);
    });

    test('the second one, where that is what counts', async () => {
      await count(log.identity, 0, { by: log.identity, at: places[1] ?? 0 });
      await expectRebuilt('106', 3, ['100', '5', '1']);
    });

    test('none, where a record of another log counts', async () => {
      await count(log.identity, 0, { by: OTHER, at: places[0] ?? 0 });
      await expectRebuilt('6', 2, ['5', '1']);
    });

    test('one for a dead letter of another log', async () => {
      await count(log.identity, 0, { by: log.identity, at: places[0] ?? 0 });
      await count(OTHER, 7, { by: log.identity, at: places[2] ?? 0 });
      await expectRebuilt('106.5', 4, ['5', '101.5']);
    });

    test('none that lies in a quarantined range', async () => {
      await count(log.identity, 0, { by: log.identity, at: places[0] ?? 0 });
      await query(
        `insert into dead_letters (log_id, "offset", length, bytes, code, message)
         values ($1, $2, $3, '', 'BLOCK_CORRUPT', 'by the test')`,
        [log.identity, places[0], (places[1] ?? 0) - (places[0] ?? 0)],
      );
      await shares.rebuild(log);
      expect(await harness.balances()).toEqual({ abc: '6' });
    });
  });

  test('corrections as loads do: the first record for a dead letter, of whichever log', async () => {
    const [own, other] = [await harness.openLogWith('poison\n'), await harness.openLog('other')];
    const shared = { logId: own.identity, offset: 0 };
    for (const log of [own, other]) await append(log, ['abc', 1]);
    for (const [log, place, value] of [
      [own, { logId: OTHER, offset: 7 }, 0.5],
      [other, shared, 10],
      [own, shared, 10],
    ] as const) {
      const payload = encodeEventPayload({ userId: 'abc', name: 'add_revenue', value });
      expect((await log.append([{ id: correctionId(place), payload }])).kind).toBe('durable');
    }
    for (const log of [other, own]) await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ abc: '12.5' });
    const share = join(harness.directory, 'other.share');
    await writeFile(share, (await shares.compute(other)).written);
    const exact = { kind: 'exact', events: { inLog: 4, inTable: 4 }, deadLetters: { inLog: 1 } };
    expect(await shares.verify(own, { shareFiles: [share] })).toMatchObject(exact);
    expect(await shares.rebuild(own, { shareFiles: [share] })).toMatchObject(exact);
    await query('truncate users_revenue');
    await shares.rebuild(own, { shareFiles: [share] });
    expect(await harness.balances()).toEqual({ abc: '12.5' });
  });

  test('no quarantined range, and it when it is reloaded', async () => {
    const line = recordLine('abc', 1);
    const log = new DamagedReader(await harness.openLogWith(line.repeat(10)));
    log.damage = [{ from: 3 * line.length, to: 7 * line.length }];
    await harness.processor(log).runOnce();
    await query('truncate users_revenue');
    expect(await shares.rebuild(log)).toMatchObject({ events: { inLog: 6 }, inserted: 1 });
    log.damage = [];
    expect(await shares.rebuild(log)).toMatchObject({ kind: 'exact', events: { inLog: 6 } });
    expect(await harness.balances()).toEqual({ abc: '6' });
    await query(`update dead_letters set state = 'reloaded'`);
    expect(await shares.rebuild(log)).toMatchObject({ kind: 'rebuilt', events: { inLog: 10 } });
    expect(await harness.balances()).toEqual({ abc: '10' });
  });

  test('the shares of other logs, and put right the counts of all of them', async () => {
    const [own, second, third] = [
      await harness.openLog(),
      await harness.openLog('second'),
      await harness.openLog('third'),
    ];
    await append(own, ['abc', 0.1], ['own', 5]);
    await append(second, ['abc', 0.2], ['debt', 7, 'subtract_revenue']);
    await append(third, ['abc', 0.3], ['debt', 7], ['\u{1F600}', 1]);
    for (const log of [own, second, third]) await harness.processor(log).runOnce();
    const shareFiles = await Promise.all(
      [second, third].map(async (log) => {
        const path = join(harness.directory, `${log.identity}.share`);
        await writeFile(path, (await shares.compute(log)).written);
        return path;
      }),
    );
    const balances = await harness.balances();
    await query('truncate users_revenue');
    await query('update load_checkpoint set events = events + 1');
    expect(await shares.rebuild(own, { shareFiles })).toMatchObject({
      ...{ kind: 'rebuilt', inserted: 4, users: 4 },
      events: { inLog: 7, inTable: 10 },
    });
    expect(await harness.balances()).toEqual(balances);
    expect(await shares.verify(own, { shareFiles })).toMatchObject({ kind: 'exact' });
  });
});
