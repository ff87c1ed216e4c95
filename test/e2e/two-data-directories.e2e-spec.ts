import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENTS = 30_000;
const PER_REQUEST = 500;

let database: TestDatabase;
let applications: RunningApplication[];

beforeAll(async () => {
  database = await createTestDatabase();
  // At the same moment, so that both find the tables missing.
  applications = await Promise.all(
    [1, 2].map(() => RunningApplication.start({ databaseUrl: database.url })),
  );
});

afterAll(() => database.drop());

it('two processes with a data directory each sum the same users exactly, without a deadlock', async () => {
  const seed = testSeed();
  console.info(`SEED=${seed}`);
  const { lines, cents } = generateEvents(EVENTS, seededRandom(seed));
  const halves = [lines.slice(0, EVENTS / 2), lines.slice(EVENTS / 2).reverse()];
  await Promise.all(applications.map((application, i) => sendAll(application, halves[i] ?? [])));
  await Promise.all(applications.map((application) => untilLoaded(application)));

  for (const application of applications) {
    const balances = await readBalances(application.serverUrl);
    expect(new Map([...balances].sort())).toEqual(new Map([...cents].sort()));
    expect(application.output).not.toMatch(/deadlock|40P01/);
    expect(await application.stop()).toBe(0);
  }
});

async function sendAll({ serverUrl }: RunningApplication, lines: readonly string[]): Promise<void> {
  for (let start = 0; start < lines.length; start += PER_REQUEST) {
    const body = `[${lines.slice(start, start + PER_REQUEST).join(',')}]`;
    expect((await postEvents(serverUrl, body)).status).toBe(202);
  }
}

async function untilLoaded({ serverUrl }: RunningApplication): Promise<void> {
  await eventually(async () => {
    const { json } = await sendRequest(serverUrl, '/status');
    return json.lag.bytes === 0;
  });
}
