import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { postEvents, sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** What is sent for a user, and what the balance is then. */
const TAKEN: readonly (readonly [values: readonly string[], revenue: string])[] = [
  [['0'], '0'],
  [['0.1', '0.2'], '0.3'],
  [['1.5'], '1.5'],
  [['0.000001'], '0.000001'],
  [['1e2', '0.50'], '100.5'],
  [['999999999999999'], '999999999999999'],
  [Array<string>(10).fill('999999999999999'), '9999999999999990'],
  [['999999999999999', '0.000001'], '999999999999999.000001'],
];

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
});
afterAll(() => database.drop());

/** As text: a number of ours would not be what a sender writes. */
const post = (userId: string, value: string): Promise<Answer> =>
  postEvents(
    application.serverUrl,
    `{"userId":${JSON.stringify(userId)},"name":"add_revenue","value":${value}}`,
  );
const get = (path: string): Promise<Answer> => sendRequest(application.serverUrl, path);

describe('an amount', () => {
  it.each([
    ['1e400', 'VALUE_TOO_LARGE'],
    ['9007199254740993', 'VALUE_TOO_LARGE'],
    ['1000000000000000', 'VALUE_TOO_LARGE'],
    ['0.30000000000000004', 'VALUE_TOO_PRECISE'],
    ['-5', 'VALUE_NEGATIVE'],
    ['-0', 'VALUE_NEGATIVE'],
    ['"432"', 'VALUE_NOT_A_NUMBER'],
    ['"12abc"', 'VALUE_NOT_A_NUMBER'],
    ['""', 'VALUE_NOT_A_NUMBER'],
    ['null', 'VALUE_NOT_A_NUMBER'],
    ['true', 'VALUE_NOT_A_NUMBER'],
    ['[1]', 'VALUE_NOT_A_NUMBER'],
  ])('that cannot be exact is refused: %s', async (value, code) => {
    const answer = await post('refused', value);
    expect({ status: answer.status, code: answer.json.code }).toEqual({ status: 400, code });
  });

  it('that can be is in the table as it was sent, and none that was refused', async () => {
    for (const [values, revenue] of TAKEN) {
      for (const value of values) {
        expect((await post(`of ${revenue}`, value)).status).toBe(202);
      }
    }
    const events = TAKEN.flatMap(([values]) => values).length;
    await eventually(async () => (await get('/status')).json.checkpoint.events === events);
    const { json } = await get('/users');
    const users = json.users as { userId: string; revenue: string }[];
    const found = users.map(({ userId, revenue }) => `${userId} is ${revenue}`);
    expect(found.sort()).toEqual(TAKEN.map(([, revenue]) => `of ${revenue} is ${revenue}`).sort());
  });
});
