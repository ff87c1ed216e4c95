import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
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
const USERS = ['user-0', 'user-5', 'user-9'];
const MINUTE_MS = 60_000;
const [begin, end] = [dayStart(-10), dayStart(-1)];

let database: TestDatabase;
let application: RunningApplication;
const get = (path: string): Promise<Answer> => sendRequest(application.serverUrl, path);

async function start(env: Record<string, string>, dataDir?: string): Promise<void> {
  const where = dataDir === undefined ? {} : { dataDir };
  application = await RunningApplication.start({ databaseUrl: database.url, env, ...where });
}
const caughtUp = (events: number): Promise<void> =>
  eventually(async () => {
    const { json } = await get('/status');
    return json.checkpoint?.events === events && json.lag.bytes === 0;
  });

beforeAll(async () => {
  console.info(`SEED=${seed}`);
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('the revenue of a user over time, kept from the beginning', () => {
  const times = [
    ...[-9, -8, -6, -2].flatMap((day) =>
      [0, 1, HOUR_MS - 1, HOUR_MS, DAY_MS - 1].map((within) => dayStart(day) + within),
    ),
    ...Array.from({ length: 80 }, () => begin + Math.floor(random() * (end - begin))),
  ].sort((a, b) => a - b);
  let dataDir: string;

  beforeAll(async () => {
    const staged = await stageEvents(times, random);
    ({ dataDir } = staged);
    await start({ USER_HISTORY: 'true', HISTORY_HOURS_MAX: '1000000' }, dataDir);
    await caughtUp(staged.events);
  });
  afterAll(() => application.kill());

  async function expectSums(bucket: 'hour' | 'day', from: number, to: number): Promise<void> {
    const step = bucket === 'hour' ? HOUR_MS : DAY_MS;
    for (const of of USERS) {
      const query = `bucket=${bucket}&from=${iso(from)}&to=${iso(to)}`;
      const { status, json } = await get(`/users/${of}/revenue/history?${query}`);
      const buckets = await sumBuckets([dataDir], { step, from, to, of });
      expect({ status, ...json }).toEqual({
        ...{ status: 200, userId: of, bucket, from: iso(from), to: iso(to), buckets },
        ...{ knownFrom: null, rolledUpBefore: json.rolledUpBefore },
      });
    }
  }

  /** Of each user, the balance at an instant is that of all records before `exact`. */
  async function expectBalance(at: number, exact: (userId: string) => number): Promise<void> {
    for (const of of USERS) {
      const { status, json } = await get(`/users/${of}/revenue?at=${iso(at)}`);
      const [whole, to] = [{ step: HOUR_MS, from: begin - DAY_MS, of }, exact(of)];
      const hours = await sumBuckets([dataDir], { ...whole, to });
      const revenue = hours.reduce((sum, hour) => sum + micros(hour.revenue), 0n);
      expect({ status, ...json, revenue: micros(String(json.revenue)) }).toEqual({
        ...{ status: 200, userId: of, at: iso(at), exactAt: iso(exact(of)), revenue },
      });
    }
  }

  function micros(decimal: string): bigint {
    const [, sign = '', whole = '', fraction = ''] = /^(-?)(\d+)\.?(\d*)$/.exec(decimal) ?? [];
    return BigInt(`${sign}${whole}${fraction.padEnd(6, '0')}`);
  }
  const hourOf = (at: number): number => Math.floor(at / HOUR_MS) * HOUR_MS;
  const dayOf = (at: number): number => Math.floor(at / DAY_MS) * DAY_MS;

  it('is the sums of hours and days of the records', async () => {
    await expectSums('hour', begin, end);
    await expectSums('day', begin, end);
  });

  it('gives the balance at the start of the hour of any instant', async () => {
    for (const at of [begin, ...times.slice(0, 20), times[50]! + 1, end, Date.now()]) {
      await expectBalance(at, () => hourOf(at));
    }
  });

  it('ends with the present hour unless it is told', async () => {
    const { json } = await get('/users/user-0/revenue/history');
    expect(Date.parse(String(json.to))).toBeGreaterThan(Date.now() - HOUR_MS);
    expect(json.buckets).toHaveLength(24);
  });

  it('is of days where these were rolled up, and says so', async () => {
    await application.stop();
    await start({ USER_HISTORY: 'true', HISTORY_HOURS_MAX: '72' }, dataDir);
    await postEvents(application.serverUrl, { userId: 'a', name: 'add_revenue', value: 0.5 });
    const user = '/users/user-0/revenue/history';
    await eventually(async () => (await get(`${user}?bucket=day`)).json.rolledUpBefore !== null);
    await expectSums('day', begin, end);
    await expectSums('hour', dayStart(-2), end);
    const range = `from=${iso(begin)}&to=${iso(end)}`;
    const { status, json } = await get(`${user}?${range}`);
    expect({ status, code: json.code }).toEqual({ status: 400, code: 'HOURS_ROLLED_UP' });

    const at = dayStart(-6) + 12.5 * HOUR_MS;
    const events = async (of: string): Promise<boolean> => {
      const day = { step: DAY_MS, from: dayOf(at), to: dayOf(at) + DAY_MS, of };
      return (await get(`/users/${of}/revenue?at=${iso(at)}`)).json.exactAt === iso(day.from);
    };
    const rolledUp = new Map<string, boolean>();
    for (const of of USERS) rolledUp.set(of, await events(of));
    expect([...rolledUp.values()]).toContain(true);
    await expectBalance(at, (of) => (rolledUp.get(of) === true ? dayOf(at) : hourOf(at)));
  });

  it.each([
    ['/users/user-0/revenue?at=9000-01-01', '400 REQUEST_INVALID', 'not be in the future'],
    ['/users/user-0/revenue?at=now', '400 REQUEST_INVALID', 'at must be a date like'],
    ['/users/user-0/revenue?at=', '400 REQUEST_INVALID', 'at must be a date like'],
    ['/users/user-0/revenue?at=2026-01-01&at=2026-01-02', '400 REQUEST_INVALID', 'at must be'],
    ['/users/nobody/revenue?at=2026-01-01', '404 USER_UNKNOWN', '"nobody"'],
    ['/users/%00/revenue?at=2026-01-01', '404 USER_UNKNOWN', 'no event of user'],
    ['/users/nobody/revenue/history', '404 USER_UNKNOWN', '"nobody"'],
    ['/users/user-0/revenue/history?bucket=week', '400 REQUEST_INVALID', 'hour or day'],
    ['/users/user-0/revenue/history?at=2026-01-01', '400 REQUEST_INVALID', 'at should not'],
    ['/users/user-0/revenue/history?from=2020-01-01', '400 RANGE_TOO_LONG', 'at most 1000'],
  ])('refuses GET %s', async (path, refusal, detail) => {
    const answer = await get(path);
    expect(`${answer.status} ${String(answer.json.code)}`).toBe(refusal);
    expect(answer.json.detail).toContain(detail);
  });
});

describe('the revenue of a user over time, switched on and off', () => {
  const PATHS = ['/users/u/revenue/history', `/users/u/revenue?at=${iso(Date.now())}`];
  let dataDir: string;
  const post = async (events: number): Promise<void> => {
    await postEvents(application.serverUrl, { userId: 'u', name: 'add_revenue', value: 1 });
    await caughtUp(events);
  };
  const refused = async (path: string, code: string): Promise<Answer['json']> => {
    const { status, json } = await get(path);
    expect({ path, status, code: json.code }).toEqual({ path, status: 409, code });
    return json;
  };

  beforeAll(async () => {
    await database.drop();
    database = await createTestDatabase();
    ({ dataDir } = await stageEvents([], random));
    await start({}, dataDir);
    // What is known begins with the next hour, which must not come before that is looked at.
    await eventually(() => HOUR_MS - (Date.now() % HOUR_MS) > MINUTE_MS, 2 * MINUTE_MS);
    await post(1);
  });

  it('is refused with what to do while it is off, and the balance is told as ever', async () => {
    for (const path of PATHS) {
      expect((await refused(path, 'USER_HISTORY_OFF')).detail).toContain('USER_HISTORY=true');
    }
    expect((await get('/users/u/revenue')).json).toMatchObject({ userId: 'u', revenue: '1' });
    expect((await get('/users?userId=u')).json.revenue).toBe('1');
    await application.stop();
  });

  it('is known from the hour on that follows what was loaded without it', async () => {
    await start({ USER_HISTORY: 'true' }, dataDir);
    await eventually(async () => (await get(PATHS[0]!)).json.knownFrom !== null);
    for (const path of PATHS) {
      const { knownFrom, detail } = await refused(path, 'USER_HISTORY_UNKNOWN');
      expect(Date.parse(String(knownFrom)) % HOUR_MS).toBe(0);
      expect(Date.parse(String(knownFrom))).toBeGreaterThan(Date.now() - HOUR_MS);
      expect(detail).toContain('npm run rebuild');
    }
    await post(2);
    await application.stop();
  });

  it('is not known any more once events were loaded without it', async () => {
    await start({}, dataDir);
    await post(3);
    for (const path of PATHS) await refused(path, 'USER_HISTORY_OFF');
    // Of another process, which goes on without the log.
    await application.stop();
    await start({ USER_HISTORY: 'true' });
    for (const path of PATHS) {
      const { knownFrom, detail } = await refused(path, 'USER_HISTORY_UNKNOWN');
      expect(knownFrom).toBeNull();
      expect(detail).toContain('while USER_HISTORY was off');
    }
    await application.kill();
  });
});
