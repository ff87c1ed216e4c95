import { cp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { knownStatus } from '../support/known-status.js';
import { queryDatabase } from '../support/query-database.js';
import { runVerifyTool } from '../support/run-log-tool.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase } from '../support/test-database.js';

const EVENTS = 2_000;

interface Sent {
  readonly application: RunningApplication;
  readonly cents: ReadonlyMap<string, bigint>;
}

/** What the application answers is the sum of what was sent, and nothing became a dead letter. */
async function expectAll({ application, cents }: Sent): Promise<void> {
  const { serverUrl } = application;
  const wanted = new Map([...cents].sort());
  await eventually(async () => {
    const { json } = await sendRequest(serverUrl, '/status');
    return json.lag.bytes === 0 && json.checkpoint.events >= EVENTS;
  });
  expect(new Map([...(await readBalances(serverUrl))].sort())).toEqual(wanted);
  expect((await knownStatus(serverUrl)).deadLetters).toBe(0);
}

async function send({ serverUrl }: RunningApplication): Promise<ReadonlyMap<string, bigint>> {
  const seed = testSeed();
  console.info(`SEED=${seed}`);
  const { lines, cents } = generateEvents(EVENTS, seededRandom(seed));
  expect((await postEvents(serverUrl, `[${lines.join(',')}]`)).status).toBe(202);
  return cents;
}

const degraded = async ({ serverUrl }: RunningApplication): Promise<string[]> => {
  const { json } = await sendRequest(serverUrl, '/health/ready');
  return (json.degraded as { code: string }[]).map(({ code }) => code);
};

it('all tables are dropped while it runs: GET /createTable, and all events are loaded again', async () => {
  const database = await createTestDatabase();
  try {
    const application = await RunningApplication.start({ databaseUrl: database.url });
    const cents = await send(application);
    await expectAll({ application, cents });

    await queryDatabase(database.url, 'drop schema public cascade; create schema public');
    await eventually(async () => (await degraded(application)).includes('LOAD_FAILING'));
    const created = await sendRequest(application.serverUrl, '/createTable');
    expect(created.json).toEqual({ table: 'users_revenue', created: true });
    await expectAll({ application, cents });
    await eventually(async () => (await degraded(application)).length === 0);

    const place = { dataDir: application.dataDir, databaseUrl: database.url };
    const verified = await runVerifyTool(place);
    expect(verified).toMatchObject({ code: 0, stdout: expect.stringMatching(/^exact: .*2000 ev/) });
    expect(await application.stop()).toBe(0);
  } finally {
    await database.drop();
  }
});

it.each(['an older copy of the embedded database', 'no embedded database any more'])(
  'it starts with %s: all that is missing is loaded again',
  async (what) => {
    const dataDir = join(await temporaryDirectory(), 'data');
    const cluster = join(dataDir, 'postgres');
    const first = await RunningApplication.start({ dataDir });
    expect(await first.stop()).toBe(0);
    await cp(cluster, `${dataDir}.older`, { recursive: true });

    const second = await RunningApplication.start({ dataDir });
    const cents = await send(second);
    await expectAll({ application: second, cents });
    expect(await second.stop()).toBe(0);

    await rm(cluster, { recursive: true });
    if (what.startsWith('an older')) await cp(`${dataDir}.older`, cluster, { recursive: true });
    const third = await RunningApplication.start({ dataDir });
    await expectAll({ application: third, cents });
    expect(await third.stop()).toBe(0);
    expect((await runVerifyTool({ dataDir })).stdout).toMatch(/^exact: .*2000 events/);
  },
);
