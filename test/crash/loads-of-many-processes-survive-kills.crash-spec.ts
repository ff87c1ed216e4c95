import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import pg from 'pg';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { LoadTool } from '../support/load-tool.js';
import { queryDatabase } from '../support/query-database.js';
import { runLogTool, runVerifyTool } from '../support/run-log-tool.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const PER_ROUND = 2_000;
const ROUNDS = 6;
/** About as long as such a process lives. */
const TOOL_MS = 600;
const NEVER = { LOAD_CRON: '0 0 0 1 1 *' };

let database: TestDatabase;
let holder: pg.Client;
let random: () => number;
let directory: string;
beforeEach(async () => {
  const seed = testSeed();
  console.info(`SEED=${seed}`);
  random = seededRandom(seed);
  database = await createTestDatabase();
  directory = await temporaryDirectory();
  holder = new pg.Client({ connectionString: database.url });
  await holder.connect();
});
afterEach(async () => {
  await holder.end();
  await database.drop();
});

async function send({ serverUrl }: RunningApplication, lines: readonly string[]): Promise<void> {
  expect((await postEvents(serverUrl, `[${lines.join(',')}]`)).status).toBe(202);
}

/** Whoever loads waits in the middle of its transaction while `work` runs. */
async function whileLoadsWait(work: () => Promise<void>): Promise<void> {
  await holder.query('begin');
  await holder.query('select from users_revenue for update');
  await work();
  await holder.query('rollback');
}

const untilWaiting = (count: number): Promise<void> =>
  eventually(async () => {
    // On a connection of its own: within a transaction, this would stay what it was.
    const [row] = await queryDatabase(
      database.url,
      `select count(*)::int as waiting from pg_stat_activity
        where datname = current_database() and wait_event_type = 'Lock'`,
    );
    return row?.['waiting'] === count;
  });

async function countDeadLetters(): Promise<number> {
  const { rows } = await holder.query<{ count: number }>(
    'select count(*)::int as count from dead_letters',
  );
  return rows[0]!.count;
}

it('of one log, each of them killed in the middle of loading it', async () => {
  const dataDir = join(directory, 'data');
  const owner = await RunningApplication.start({ databaseUrl: database.url, dataDir, env: NEVER });
  const start = (): LoadTool => LoadTool.start(dataDir, database.url);
  const { lines, cents } = generateEvents((ROUNDS + 2) * PER_ROUND, random);
  let sent = 0;
  const next = (): Promise<void> => send(owner, lines.slice(sent, (sent += PER_ROUND)));

  await next();
  expect(await start().ended).toMatchObject({ code: 0 });

  await next();
  let other: LoadTool | undefined;
  await whileLoadsWait(async () => {
    const one = start();
    other = start();
    await untilWaiting(2);
    await one.kill();
  });
  expect(await other?.ended).toMatchObject({ code: 0 });

  for (let round = 0; round < ROUNDS; round++) {
    await next();
    const killed = start();
    const others = [start(), start()];
    await sleep(random() * TOOL_MS);
    await killed.kill();
    for (const { ended } of others) expect(await ended).toMatchObject({ code: 0 });
  }

  expect(new Map([...(await readBalances(owner.serverUrl))].sort())).toEqual(
    new Map([...cents].sort()),
  );
  await owner.kill();
  const place = { dataDir, databaseUrl: database.url };
  expect((await runVerifyTool(place)).stdout).toMatch(
    new RegExp(`^exact: .* ${(ROUNDS + 2) * PER_ROUND} events`),
  );
  expect(await countDeadLetters()).toBe(0);
});

it('of two logs with the same users in opposite orders, each of them killed in the middle', async () => {
  const places = ['one', 'two'].map((name) => ({
    ...{ dataDir: join(directory, name), databaseUrl: database.url },
  }));
  const applications = await Promise.all(places.map((place) => RunningApplication.start(place)));
  const { lines, cents } = generateEvents(PER_ROUND, random);
  for (let round = 0; round < ROUNDS; round++) {
    const victim = round % 2;
    await whileLoadsWait(async () => {
      await send(applications[0]!, lines);
      await send(applications[1]!, lines.toReversed());
      if (round === 0) return; // there are no rows to wait for
      await untilWaiting(2);
      await applications[victim]!.kill();
    });
    if (round > 0) applications[victim] = await RunningApplication.start(places[victim]);
    await Promise.all(applications.map((application) => untilLoaded(application)));
  }
  const times = BigInt(2 * ROUNDS);
  expect(new Map([...(await readBalances(applications[0]!.serverUrl))].sort())).toEqual(
    new Map([...cents].map(([user, sum]) => [user, sum * times] as const).sort()),
  );
  for (const application of applications) expect(await application.stop()).toBe(0);
  const share = join(directory, 'two.share');
  expect(await runLogTool(places[1]!, 'share', '--out', share)).toMatchObject({ code: 0 });
  expect((await runVerifyTool(places[0]!, '--share', share)).stdout).toMatch(/^exact: /);
  expect(await countDeadLetters()).toBe(0);
});

async function untilLoaded({ serverUrl }: RunningApplication): Promise<void> {
  await eventually(async () => (await sendRequest(serverUrl, '/status')).json.lag.bytes === 0);
}
