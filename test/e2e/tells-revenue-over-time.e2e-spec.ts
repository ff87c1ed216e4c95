import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { queryDatabase } from '../support/query-database.js';
import {
  DAY_MS,
  dayStart,
  HOUR_MS,
  stageEvents,
  sumBuckets,
} from '../support/revenue-over-time.js';
import { RunningApplication } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const seed = testSeed();
const random = seededRandom(seed);
const iso = (time: number): string => new Date(time).toISOString();

/** Places of a process and of a database session whose hours and days do not begin with those of UTC. */
const ZONES = [
  ['UTC', 'UTC'],
  ['Asia/Kolkata', 'America/St_Johns'],
] as const;

describe.each(ZONES)('in the time zone %s, on a database in %s', (TZ, zone) => {
  const [begin, end] = [dayStart(-10), dayStart(-1)];
  /** On the edges of days and hours, too; the last day is one that stays by hour. */
  const times = [
    ...[-9, -8, -6, -2].flatMap((day) =>
      [0, 1, HOUR_MS - 1, HOUR_MS, 5.5 * HOUR_MS, 18.5 * HOUR_MS, DAY_MS - 1].map(
        (within) => dayStart(day) + within,
      ),
    ),
    ...Array.from({ length: 40 }, () => begin + Math.floor(random() * (end - begin))),
  ].sort((a, b) => a - b);
  const late = [dayStart(-9) + 3 * HOUR_MS, dayStart(-9) + 7.5 * HOUR_MS, dayStart(-6)];

  let database: TestDatabase;
  let application: RunningApplication;
  let dataDirs: string[];
  const get = (query: string): Promise<Answer> =>
    sendRequest(application.serverUrl, `/revenue?${query}`);

  async function start(dataDir: string, hoursMax: number): Promise<void> {
    const env = { TZ, HISTORY_HOURS_MAX: String(hoursMax) };
    application = await RunningApplication.start({ databaseUrl: database.url, dataDir, env });
  }
  const loaded = (events: number): Promise<void> =>
    eventually(async () => {
      const { json } = await sendRequest(application.serverUrl, '/status');
      return json.checkpoint?.events === events && json.lag.bytes === 0;
    });

  /** By hour or by day, it is what the records of the logs add up to. */
  async function expectSums(bucket: 'hour' | 'day', from: number, to: number): Promise<void> {
    const { status, json } = await get(`bucket=${bucket}&from=${iso(from)}&to=${iso(to)}`);
    const step = bucket === 'hour' ? HOUR_MS : DAY_MS;
    const buckets = await sumBuckets(dataDirs, { step, from, to });
    expect({ status, ...json }).toEqual({
      ...{ status: 200, bucket, from: iso(from), to: iso(to), buckets },
      rolledUpBefore: json.rolledUpBefore,
    });
  }

  beforeAll(async () => {
    console.info(`SEED=${seed}`);
    database = await createTestDatabase();
    const name = new URL(database.url.replace('@/', '@host/')).pathname.slice(1);
    await queryDatabase(database.url, `alter database ${name} set timezone = '${zone}'`);
    const [shown] = await queryDatabase(database.url, 'show timezone');
    expect(shown).toEqual({ TimeZone: zone });
    const staged = await stageEvents(times, random);
    dataDirs = [staged.dataDir];
    await start(staged.dataDir, 1_000_000);
    await loaded(staged.events);
  });
  afterAll(async () => {
    await application.kill();
    await database.drop();
  });

  it('the sums of hours and days are those of the records', async () => {
    await expectSums('hour', begin, end);
    await expectSums('day', begin, end);
    expect((await get('bucket=day')).json.rolledUpBefore).toBeNull();
  });

  it('a part of a bucket stands for all of it', async () => {
    const [from, to] = [dayStart(-8) + 18.2 * HOUR_MS, dayStart(-6) + 1];
    const hours = await get(`from=${iso(from)}&to=${iso(to)}`);
    const days = await get(`from=${iso(from)}&to=${iso(to)}&bucket=day`);
    const wide = { from: dayStart(-8) + 18 * HOUR_MS, to: dayStart(-6) + HOUR_MS };
    expect(hours.json.buckets).toEqual(await sumBuckets(dataDirs, { step: HOUR_MS, ...wide }));
    const whole = { from: dayStart(-8), to: dayStart(-5) };
    expect(days.json.buckets).toEqual(await sumBuckets(dataDirs, { step: DAY_MS, ...whole }));
  });

  it('a date and an instant with an offset mean the same wherever the process is', async () => {
    const [from, to] = [iso(dayStart(-8)).slice(0, 10), iso(dayStart(-7)).slice(0, 10)];
    const { json } = await get(`from=${from}&to=${to}`);
    expect(json).toMatchObject({ from: `${from}T00:00:00.000Z`, to: `${to}T00:00:00.000Z` });
    expect((await get(`from=${from}T05:30%2B05:30&to=${to}T00:00Z`)).json).toEqual(json);
  });

  it('an event of now is in the last hours and days, which are told unless others are asked for', async () => {
    const event = { userId: 'now', name: 'subtract_revenue', value: 1.25 };
    expect((await postEvents(application.serverUrl, event)).status).toBe(202);
    const last = async (bucket: 'hour' | 'day'): Promise<Answer['json']> =>
      (await get(`bucket=${bucket}`)).json;
    const revenues = async (): Promise<string[]> =>
      ((await last('hour')).buckets as { revenue: string }[]).map(({ revenue }) => revenue);
    await eventually(async () => (await revenues()).includes('-1.25'));
    for (const bucket of ['hour', 'day'] as const) {
      const { from, to, buckets } = await last(bucket);
      const step = bucket === 'hour' ? HOUR_MS : DAY_MS;
      const range = { step, from: Date.parse(String(from)), to: Date.parse(String(to)) };
      expect(buckets).toEqual(await sumBuckets(dataDirs, range));
    }
  });

  it('days that were rolled up keep their sums, and their hours are refused', async () => {
    await application.stop();
    await start(dataDirs[0] ?? '', 48);
    await postEvents(application.serverUrl, { userId: 'a', name: 'add_revenue', value: 0.5 });
    await eventually(async () => (await get('bucket=day')).json.rolledUpBefore !== null);
    await expectSums('day', begin, dayStart(2));

    const { rolledUpBefore } = (await get('bucket=day')).json;
    expect(Date.parse(String(rolledUpBefore)) % DAY_MS).toBe(0);
    expect(Date.parse(String(rolledUpBefore))).toBeGreaterThan(dayStart(-6));
    await expectSums('hour', Date.parse(String(rolledUpBefore)), dayStart(2));
    for (const range of [
      `from=${iso(begin)}&to=${iso(dayStart(0))}`,
      `from=${iso(dayStart(-6) + HOUR_MS)}&to=${iso(dayStart(-6) + 2 * HOUR_MS)}`,
      `from=${iso(dayStart(-7) + 23 * HOUR_MS)}&to=${iso(dayStart(-6) + 1)}`,
    ]) {
      const { status, json } = await get(range);
      const said = { status, code: json.code, until: json.rolledUpBefore };
      expect(said).toEqual({ status: 400, code: 'HOURS_ROLLED_UP', until: rolledUpBefore });
      expect(json.detail).toContain('bucket=day');
    }
    await expectSums('hour', begin - DAY_MS, begin); // before all of them, nothing was rolled up
  });

  it('late events of a day that was rolled up are in its sum', async () => {
    await application.stop();
    const staged = await stageEvents(late, random);
    dataDirs.push(staged.dataDir);
    await start(staged.dataDir, 1_000_000);
    await loaded(staged.events);
    const hours = `select bucket, extract(epoch from start) * 1000 as at from revenue_history
      where start < '${iso(dayStart(-5))}' and bucket = 'hour' order by start`;
    const found = (await queryDatabase(database.url, hours)).map(({ at }) => Number(at));
    expect(found).toEqual(late.map((time) => Math.floor(time / HOUR_MS) * HOUR_MS));
    await expectSums('day', begin, dayStart(2));
    const refused = await get(`from=${iso(dayStart(-9))}&to=${iso(dayStart(-8))}`);
    expect(refused.json.code).toBe('HOURS_ROLLED_UP');
  });
});
