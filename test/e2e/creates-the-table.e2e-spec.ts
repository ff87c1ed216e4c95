import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { queryDatabase } from '../support/query-database.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };
const CREATED = { table: 'users_revenue', created: true };
const STOOD = { table: 'users_revenue', created: false };

const LIKE_OURS =
  'user_id text collate "C" primary key, revenue numeric not null, updated_at timestamptz not null';
/** What is said of a table, and its columns. */
const FOREIGN = [
  ['has no column user_id', 'id int'],
  ['has no column updated_at', LIKE_OURS.replace(', updated_at timestamptz not null', '')],
  ['column revenue: type is integer', LIKE_OURS.replace('numeric', 'int')],
  ['column user_id: collation is', LIKE_OURS.replace(' collate "C"', '')],
  ['column updated_at: nullable is true', LIKE_OURS.replace('timestamptz not null', 'timestamptz')],
  ['has a column note', `${LIKE_OURS}, note text`],
  ['the primary key is ()', LIKE_OURS.replace('primary key', 'not null')],
] as const;

let database: TestDatabase;
let application: RunningApplication;
beforeEach(async () => {
  database = await createTestDatabase();
});
afterEach(async () => {
  await application.kill();
  await database.drop();
});

const start = async (migrationsRun: boolean): Promise<void> => {
  const env = { MIGRATIONS_RUN: String(migrationsRun) };
  application = await RunningApplication.start({ databaseUrl: database.url, env });
};
const get = (path: string): Promise<Answer> => sendRequest(application.serverUrl, path);
const query = (text: string): ReturnType<typeof queryDatabase> => queryDatabase(database.url, text);
const balanceBecomes = (revenue: string): Promise<void> =>
  eventually(async () => (await get('/users/abc123/revenue')).json.revenue === revenue);

describe('GET /createTable', () => {
  it('creates the table once, and events that came before it are loaded', async () => {
    await start(false);
    expect((await postEvents(application.serverUrl, EVENT)).status).toBe(202);
    expect((await get('/users')).json.code).toBe('TABLE_MISSING');
    expect(await query("select to_regclass('users_revenue') as found")).toEqual([{ found: null }]);

    expect((await get('/createTable')).json).toEqual(CREATED);
    expect((await get('/createTable')).json).toEqual(STOOD);
    await balanceBecomes('432');
  });

  it('called ten times at once says once that it created', async () => {
    await start(false);
    const answers = await Promise.all(Array.from({ length: 10 }, () => get('/createTable')));
    expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
    expect(answers.filter(({ json }) => json.created === true)).toHaveLength(1);
  });

  it('makes a dropped table again, and loads all events again, once', async () => {
    await start(true);
    for (let count = 0; count < 3; count += 1) await postEvents(application.serverUrl, EVENT);
    await balanceBecomes('1296');
    expect((await get('/createTable')).json).toEqual(STOOD);

    for (let round = 0; round < 2; round += 1) {
      await query('drop table users_revenue');
      const answers = await Promise.all(Array.from({ length: 5 }, () => get('/createTable')));
      expect(answers.map(({ status }) => status)).toEqual(answers.map(() => 200));
      expect(answers.filter(({ json }) => json.created === true)).toHaveLength(1);
      await balanceBecomes('1296');
    }
    await postEvents(application.serverUrl, EVENT);
    await balanceBecomes('1728');
    expect(await query('select count(*)::int as rows from users_revenue')).toEqual([{ rows: 1 }]);
  });

  it('refuses a foreign table by the column that differs, and takes its place once it is renamed', async () => {
    await start(false);
    expect((await postEvents(application.serverUrl, EVENT)).status).toBe(202);
    for (const [difference, columns] of FOREIGN) {
      await query(`create table users_revenue (${columns})`);
      const answer = await get('/createTable');
      expect(answer.status).toBe(409);
      expect(answer.json).toMatchObject({
        code: 'TABLE_FOREIGN',
        detail: expect.stringContaining(difference),
      });
      expect(answer.json.detail).toContain('rename it');
      await query('drop table if exists users_revenue_old');
      await query('alter table users_revenue rename to users_revenue_old');
    }
    expect((await get('/createTable')).json).toEqual(CREATED);
    await balanceBecomes('432');
  });

  it('takes a table over that is like its own, with its balances', async () => {
    await query(`create table users_revenue (${LIKE_OURS})`);
    await query(`insert into users_revenue values ('abc123', 0.5, now())`);
    await start(false);
    expect((await get('/createTable')).json).toEqual(STOOD);
    await postEvents(application.serverUrl, EVENT);
    await balanceBecomes('432.5');
  });

  it('lets a start that found a foreign table accept events, and go on once it is gone', async () => {
    await query('create table users_revenue (user_id text)');
    await start(true);
    expect((await postEvents(application.serverUrl, EVENT)).status).toBe(202);
    const { json } = await get('/health/ready');
    expect(json).toMatchObject({ status: 'ready', degraded: [{ part: 'database' }] });
    expect((await get('/createTable')).json.code).toBe('TABLE_FOREIGN');

    await query('drop table users_revenue');
    await balanceBecomes('432');
  });
});
