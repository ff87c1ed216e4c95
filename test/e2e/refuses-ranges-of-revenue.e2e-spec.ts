import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { DatabaseProxy } from '../support/database-proxy.js';
import { queryDatabase } from '../support/query-database.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let proxy: DatabaseProxy;
let application: RunningApplication;
const get = (query: string): Promise<Answer> =>
  sendRequest(application.serverUrl, `/revenue${query}`);

beforeAll(async () => {
  database = await createTestDatabase();
  proxy = await DatabaseProxy.create(database.url);
  await proxy.open();
  application = await RunningApplication.start({ databaseUrl: proxy.url });
});
afterAll(async () => {
  await application.kill();
  await proxy.close();
  await database.drop();
});

describe('revenue over time, without any event', () => {
  it.each([
    ['', 'hour', 24],
    ['?bucket=hour', 'hour', 24],
    ['?bucket=day', 'day', 30],
    ['?from=2026-01-01&to=2026-02-11T16:00Z', 'hour', 1_000],
    ['?from=2026-01-01&to=2028-09-27&bucket=day', 'day', 1_000],
  ])('is 0 in each bucket: GET /revenue%s', async (query, bucket, count) => {
    const { status, json } = await get(query);
    expect(status).toBe(200);
    const buckets = json.buckets as { from: string; revenue: string }[];
    expect(buckets.map(({ revenue }) => revenue)).toEqual(Array<string>(count).fill('0'));
    const step = bucket === 'hour' ? 3_600_000 : 86_400_000;
    const starts = buckets.map((_, index) =>
      new Date(Date.parse(String(json.from)) + index * step).toISOString(),
    );
    expect(buckets.map(({ from }) => from)).toEqual(starts);
    expect(Date.parse(String(json.to)) - Date.parse(String(json.from))).toBe(count * step);
    expect(json).toMatchObject({ bucket, rolledUpBefore: null });
  });

  it('ends with the present hour or day', async () => {
    const before = Date.now();
    const { json } = await get('');
    const past = Date.parse(String(json.to)) - 3_600_000;
    expect(past).toBeGreaterThan(before - 3_600_000);
    expect(past).toBeLessThanOrEqual(Date.now());
  });
});

describe('revenue over time is not told for', () => {
  it.each([
    ['?bucket=week', 'REQUEST_INVALID', 'bucket must be hour or day'],
    ['?bucket=', 'REQUEST_INVALID', 'bucket must be hour or day'],
    ['?bucket=hour&bucket=day', 'REQUEST_INVALID', 'bucket must be hour or day'],
    ['?from=yesterday', 'REQUEST_INVALID', 'from must be a date like'],
    ['?from=', 'REQUEST_INVALID', 'from must be a date like'],
    ['?from=2026-02-30', 'REQUEST_INVALID', 'from must be a date like'],
    ['?from=2026-11-23T08:00', 'REQUEST_INVALID', 'from must be a date like'],
    ['?from=2026-11-23T08:00+01:00', 'REQUEST_INVALID', 'a + within a query is %2B'],
    ['?from=2026-01-01&from=2026-01-02', 'REQUEST_INVALID', 'from must be a date like'],
    ['?to=2026-11-23T08', 'REQUEST_INVALID', 'to must be a date like'],
    ['?to=1795420800000', 'REQUEST_INVALID', 'to must be a date like'],
    ['?to[]=2026-01-01', 'REQUEST_INVALID', 'property to[] should not exist'],
    ['?userId=abc123', 'REQUEST_INVALID', 'property userId should not exist'],
    ['?from=2026-01-02&to=2026-01-02', 'REQUEST_INVALID', 'from must be before to'],
    ['?from=2026-01-02&to=2026-01-01', 'REQUEST_INVALID', 'from must be before to'],
    ['?from=9998-01-01', 'REQUEST_INVALID', 'from must be before to'],
    ['?from=%ff', 'QUERY_INVALID', 'no UTF-8'],
    ['?from=2026-01-01&to=2026-02-11T16:01Z', 'RANGE_TOO_LONG', '1001 hours apart'],
    ['?from=2026-01-01&to=2028-09-27T00:01Z&bucket=day', 'RANGE_TOO_LONG', '1001 days apart'],
    ['?from=0001-01-01&to=9998-12-31', 'RANGE_TOO_LONG', 'by day (bucket=day)'],
  ])('GET /revenue%s', async (query, code, detail) => {
    const answer = await get(query);
    expect({ query, status: answer.status, code: answer.json.code }).toEqual({
      ...{ query, status: 400, code },
    });
    expect(answer.json.detail).toContain(detail);
    expect(answer.headers['content-type']).toContain('application/problem+json');
  });
});

describe('revenue over time without what tells it', () => {
  it('is 503 with Retry-After while the table is missing, and says how to make it', async () => {
    await queryDatabase(database.url, 'alter table revenue_history rename to aside');
    const { status, json, headers } = await get('');
    expect({ status, code: json.code }).toEqual({ status: 503, code: 'TABLE_MISSING' });
    expect(json.detail).toContain('GET /createTable');
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    await queryDatabase(database.url, 'alter table aside rename to revenue_history');
    expect((await get('')).status).toBe(200);
  });

  it('is 503 with Retry-After while the database is away', async () => {
    await proxy.close();
    const { status, json, headers, text } = await get('');
    expect({ status, code: json.code }).toEqual({ status: 503, code: 'DATABASE_AWAY' });
    expect(Number(headers['retry-after'])).toBeGreaterThan(0);
    expect(text).not.toContain('postgres://');
    // What is wrong with a query is told all the same.
    expect((await get('?bucket=week')).json.code).toBe('REQUEST_INVALID');
  });
});
