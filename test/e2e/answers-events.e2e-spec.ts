import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
});
afterAll(() => database.drop());

const event = (members: Record<string, unknown> = {}): Record<string, unknown> => ({
  userId: 'abc123',
  name: 'add_revenue',
  value: 432,
  ...members,
});
const post = (body: unknown): ReturnType<typeof postEvents> =>
  postEvents(application.serverUrl, body);

/** What `act` puts into the staging log; its answers are acknowledged only when that is durable. */
async function storedBy(act: () => Promise<unknown>): Promise<Record<string, unknown>[]> {
  const before = (await storedRecords(application)).length;
  await act();
  return (await storedRecords(application)).slice(before);
}

describe('POST /events', () => {
  it('accepts one event, which is in the log when the answer comes', async () => {
    const stored = await storedBy(async () => {
      const answer = await post(event({ id: 'one' }));
      expect(answer.status).toBe(202);
      expect(answer.json).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    });
    expect(stored).toEqual([{ timestamp: expect.any(Number), ...event({ id: 'one' }) }]);
  });

  it('accepts an array, and stores it in its order', async () => {
    const events = Array.from({ length: 500 }, (_, value) => event({ value }));
    const stored = await storedBy(async () => {
      const answer = await post(events);
      expect(answer.status).toBe(202);
      expect(answer.json).toEqual({ accepted: 500, duplicates: 0, rejected: [] });
    });
    expect(stored.map(({ value }) => value)).toEqual(events.map(({ value }) => value));
  });

  it('accepts an empty array, of nothing', async () => {
    const answer = await post([]);
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({ accepted: 0, duplicates: 0, rejected: [] });
  });

  it('answers 207 when only some are good, with the index and reason of each other one', async () => {
    const stored = await storedBy(async () => {
      const bad = [event({ value: '432' }), 7, event({ currency: 'EUR' }), [event()]];
      const answer = await post([event(), ...bad, event({ value: 0 })]);
      expect(answer.status).toBe(207);
      expect(answer.json).toMatchObject({
        accepted: 2,
        duplicates: 0,
        rejected: [
          { index: 1, code: 'VALUE_NOT_A_NUMBER' },
          { index: 2, code: 'EVENT_NOT_AN_OBJECT' },
          { index: 3, code: 'PROPERTY_UNKNOWN', message: expect.stringContaining('"currency"') },
          { index: 4, code: 'EVENT_NOT_AN_OBJECT' },
        ],
      });
    });
    expect(stored.map(({ value }) => value)).toEqual([432, 0]);
  });

  it.each([
    ['VALUE_NEGATIVE', event({ value: -5 })],
    ['VALUE_NEGATIVE', '{"userId":"u","name":"add_revenue","value":-0}'],
    ['VALUE_TOO_LARGE', '{"userId":"u","name":"add_revenue","value":1e400}'],
    ['USER_ID_NOT_STORABLE', '{"userId":"\\ud83d","name":"add_revenue","value":1}'],
    ['USER_ID_NOT_STORABLE', '{"userId":"a\\u0000","name":"add_revenue","value":1}'],
    ['PROPERTY_UNKNOWN', '{"__proto__":{"userId":"u","name":"add_revenue","value":1}}'],
    ['PROPERTY_UNKNOWN', event({ timestamp: 1 })],
    ['PROPERTY_UNKNOWN', event({ hasOwnProperty: 1 })],
    ['NAME_UNKNOWN', event({ name: 'multiply_revenue' })],
    ['EVENT_NOT_AN_OBJECT', 'null'],
    ['EVENT_NOT_AN_OBJECT', '"event"'],
  ])('refuses an event with %s, and stores nothing', async (code, body) => {
    const stored = await storedBy(async () => {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(answer.headers['content-type']).toContain('application/problem+json');
      expect(answer.json).toMatchObject({
        status: 400,
        code,
        accepted: 0,
        duplicates: 0,
        rejected: [{ index: 0, code }],
        rejectedTotal: 1,
      });
    });
    expect(stored).toEqual([]);
  });

  it('refuses an array without one good event', async () => {
    const answer = await post([event({ value: -5 }), {}, null]);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'ALL_REJECTED', accepted: 0, rejectedTotal: 3 });
    expect(answer.json.rejected).toHaveLength(3);
  });

  it.each([
    ['nothing', ''],
    ['half an event', '{"userId":"u","name":"add_rev'],
    ['an array that breaks off after a good event', `[${JSON.stringify(event())},`],
    ['lines', `${JSON.stringify(event())}\n${JSON.stringify(event())}`],
    ['a million brackets', '['.repeat(1_000_000)],
  ])('refuses %s as JSON, and stores nothing', async (_, body) => {
    const stored = await storedBy(async () => {
      const answer = await post(body);
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({
        code: 'INVALID_JSON',
        accepted: 0,
        duplicates: 0,
        rejected: [],
        rejectedTotal: 0,
      });
    });
    expect(stored).toEqual([]);
  });
});

describe('an id', () => {
  it('that comes again with the same content is a duplicate and a success', async () => {
    const stored = await storedBy(async () => {
      await post(event({ id: 'again' }));
      const text = '{"value":432.0,"name":"add_revenue","userId":"\\u0061bc123","id":"again"}';
      const answer = await post(text);
      expect(answer.status).toBe(202);
      expect(answer.json).toEqual({ accepted: 0, duplicates: 1, rejected: [] });
    });
    expect(stored).toHaveLength(1);
  });

  it('that comes again with other content is refused, and does no harm to its neighbours', async () => {
    const stored = await storedBy(async () => {
      await post(event({ id: 'reused' }));
      const alone = await post(event({ id: 'reused', value: 433 }));
      expect(alone.status).toBe(400);
      expect(alone.json).toMatchObject({ code: 'ID_REUSED', rejectedTotal: 1 });

      const items = [event({ value: 1 }), event({ id: 'reused', userId: 'other' }), {}];
      const answer = await post(items);
      expect(answer.status).toBe(207);
      expect(answer.json).toMatchObject({
        accepted: 1,
        rejected: [
          { index: 1, code: 'ID_REUSED' },
          { index: 2, code: 'USER_ID_MISSING' },
        ],
      });
    });
    expect(stored.map(({ value }) => value)).toEqual([432, 1]);
  });

  it('is looked at within one array, too', async () => {
    const ids = [event({ id: 'pair' }), event({ id: 'pair' }), event({ id: 'pair', value: 1 })];
    const stored = await storedBy(async () => {
      const answer = await post(ids);
      expect(answer.status).toBe(207);
      expect(answer.json).toMatchObject({
        accepted: 1,
        duplicates: 1,
        rejected: [{ index: 2, code: 'ID_REUSED' }],
      });
    });
    expect(stored).toHaveLength(1);
  });

  it('is stored once when 100 requests bring it at the same moment', async () => {
    const stored = await storedBy(async () => {
      const requests = Array.from({ length: 100 }, () => post(event({ id: 'race' })));
      const answers = await Promise.all(requests);
      expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([202]));
      const accepted = answers.map(({ json }) => Number(json.accepted));
      expect(accepted.reduce((sum, count) => sum + count)).toBe(1);
    });
    expect(stored).toHaveLength(1);
  });

  it('is stored once when 50 requests bring it with 50 contents: one wins, all others hear so', async () => {
    const stored = await storedBy(async () => {
      const requests = Array.from({ length: 50 }, (_, value) =>
        post(event({ id: 'clash', value })),
      );
      const answers = await Promise.all(requests);
      expect(answers.filter(({ status }) => status === 202)).toHaveLength(1);
      expect(answers.filter(({ json }) => json.code === 'ID_REUSED')).toHaveLength(49);
    });
    expect(stored).toHaveLength(1);
  });

  it('is remembered across a restart', async () => {
    const { dataDir } = application;
    await post(event({ id: 'before' }));
    expect(await application.stop()).toBe(0);
    application = await RunningApplication.start({ databaseUrl: database.url, dataDir });
    const same = await post(event({ id: 'before' }));
    expect(same.json).toEqual({ accepted: 0, duplicates: 1, rejected: [] });
    expect((await post(event({ id: 'before', value: 1 }))).json.code).toBe('ID_REUSED');
  });
});

describe('all that was acknowledged', () => {
  it('is in the balance, and nothing else', async () => {
    const records = await storedRecords(application);
    const { json } = await sendRequest(application.serverUrl, '/status');
    expect(json.log.segments).toBe(1);
    const ofUser = records.filter(({ userId }) => userId === 'abc123');
    const sum = ofUser.reduce((total, { value }) => total + Number(value), 0);
    await eventually(async () => {
      const { json } = await sendRequest(application.serverUrl, '/users/abc123/revenue');
      return json.revenue === String(sum);
    });
  });
});
