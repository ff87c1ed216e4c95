import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** In the order of their code points, with a balance of their own each. */
const USERS = [
  ...[' ', '..', '/', 'ABC', '__proto__', 'a+b&c=d%', 'abc', 'e\u0301', 'hasOwnProperty'],
  ...["o'brien", 'toString', 'x'.repeat(255), 'Ünïcödé 👩‍🚀', 'é', '\ufeff', '👩‍🚀'],
];
const balanceOf = (userId: string): string => `${100 + USERS.indexOf(userId)}.5`;

let database: TestDatabase;
let application: RunningApplication;
const get = (path: string): Promise<Answer> => sendRequest(application.serverUrl, path);
const idsOf = ({ json }: Answer): string[] =>
  (json.users as { userId: string }[]).map(({ userId }) => userId);

beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
  const events = USERS.map((userId) => ({
    userId,
    name: 'add_revenue',
    value: Number(balanceOf(userId)),
  }));
  expect((await postEvents(application.serverUrl, events)).status).toBe(202);
  await eventually(async () => (await get('/status')).json.checkpoint.events === USERS.length);
});
afterAll(() => database.drop());

async function expectProblem(path: string, status: number, code: string): Promise<void> {
  const answer = await get(path);
  expect({ path, status: answer.status, code: answer.json?.code }).toEqual({ path, status, code });
  expect(answer.headers['content-type']).toContain('application/problem+json');
}

describe('the revenue of a user', () => {
  it.each(USERS)('is found by path and by query: %j', async (userId) => {
    const expected = {
      userId,
      revenue: balanceOf(userId),
      updatedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/),
    };
    const encoded = encodeURIComponent(userId);
    expect((await get(`/users/${encoded}/revenue`)).json).toEqual(expected);
    expect((await get(`/users?userId=${encoded}`)).json).toEqual(expected);
  });

  it('of two dots is found even when nobody tidies the path', async () => {
    expect((await get('/users/../revenue')).json).toMatchObject({ userId: '..' });
  });

  it.each(['constructor', 'nobody', 'Abc', 'abc%20', '%00', 'x'.repeat(256), '%ef%bf%bd'])(
    'that has no event is unknown: %s',
    async (encoded) => {
      await expectProblem(`/users/${encoded}/revenue`, 404, 'USER_UNKNOWN');
      await expectProblem(`/users?userId=${encoded}`, 404, 'USER_UNKNOWN');
    },
  );

  it.each(['%', '%zz', '%ff', '%e2%80', '%ed%a0%80', 'abc%'])(
    'is not looked for under a name that is no text: %s',
    async (broken) => {
      await expectProblem(`/users/${broken}/revenue`, 400, 'REQUEST_INVALID');
      await expectProblem(`/users?userId=${broken}`, 400, 'QUERY_INVALID');
    },
  );
});

describe('the list of users', () => {
  const sorted = [...USERS].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

  it('is in the order of code points', async () => {
    const page = await get('/users');
    expect(idsOf(page)).toEqual(sorted);
    expect(page.json.next).toBeNull();
  });

  it.each([1, 3, 5, USERS.length - 1, USERS.length])(
    'comes in pages of %d that together are the whole',
    async (limit) => {
      const found: string[] = [];
      let path = `/users?limit=${limit}`;
      for (let pages = 1; ; pages += 1) {
        const page = await get(path);
        expect(page.status).toBe(200);
        expect(idsOf(page).length).toBeLessThanOrEqual(limit);
        found.push(...idsOf(page));
        if (page.json.next === null) {
          expect(pages).toBe(Math.ceil(USERS.length / limit));
          break;
        }
        path = `/users?limit=${limit}&after=${encodeURIComponent(String(page.json.next))}`;
      }
      expect(found).toEqual(sorted);
    },
  );

  it('ends after its last user', async () => {
    expect((await get(`/users?after=${encodeURIComponent('👩‍🚀')}`)).json).toEqual({
      users: [],
      next: null,
    });
  });

  it('is a top list when it is asked for by revenue', async () => {
    const top = await get('/users?order=-revenue&limit=3');
    expect(idsOf(top)).toEqual([...USERS].reverse().slice(0, 3));
    expect(top.json.next).toBeNull();
  });

  it.each([
    'limit=0',
    'limit=',
    'limit=-1',
    'limit=1001',
    'limit=1.5',
    'limit=ten',
    'limit=1&limit=2',
    'limit[]=1',
    'order=revenue',
    'order=',
    'order=-revenue&after=abc',
    'order=-revenue&order=userId',
    'after=%00',
    'after=a&after=b',
    'userId=a&userId=b',
    'page=2',
  ])('is not given for %s', (query) => expectProblem(`/users?${query}`, 400, 'REQUEST_INVALID'));
});
