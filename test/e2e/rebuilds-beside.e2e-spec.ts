import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { queryDatabase } from '../support/query-database.js';
import { runRebuildTool, runVerifyTool } from '../support/run-log-tool.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { postEvents, sendRequest } from '../support/send-request.js';
import { createTestDatabase } from '../support/test-database.js';

const EVENTS = 20_000;
const PER_REQUEST = 200;
/** As one, with the table to itself: a load goes through the users in another order, and they would deadlock. */
const DAMAGE = `
  begin;
  lock table users_revenue in exclusive mode;
  update users_revenue set revenue = revenue + 1 where user_id like '%1';
  delete from users_revenue where user_id like '%2';
  insert into users_revenue values ('ghost', 1, now()), ('\u{1F47B}', 2, now());
  commit`;

it('rebuilds beside a running application under ingest, again and again, and with it stopped', async () => {
  const database = await createTestDatabase();
  try {
    const place = {
      dataDir: join(await temporaryDirectory(), 'data'),
      databaseUrl: database.url,
    };
    const application = await RunningApplication.start(place);
    const url = application.serverUrl;
    const seed = testSeed();
    console.info(`SEED=${seed}`);
    const { lines, cents } = generateEvents(EVENTS, seededRandom(seed));
    const chunks = Array.from({ length: EVENTS / PER_REQUEST }, (_, n) =>
      lines.slice(n * PER_REQUEST, (n + 1) * PER_REQUEST),
    );
    const send = async (chunk: readonly string[]): Promise<void> => {
      expect((await postEvents(url, `[${chunk.join(',')}]`)).status).toBe(202);
    };
    for (const chunk of chunks.splice(0, 20)) await send(chunk);
    await untilLoaded(url);

    let rebuilding = true;
    let sentMeanwhile = 0;
    const ingest = (async () => {
      while (rebuilding || chunks.length > 0) {
        const chunk = chunks.shift();
        if (chunk === undefined) return;
        await send(chunk);
        if (rebuilding) sentMeanwhile += 1;
        await sendRequest(url, '/users?limit=10');
      }
    })();
    for (let i = 0; i < 2; i++) {
      await queryDatabase(database.url, DAMAGE);
      const { code, stdout } = await runRebuildTool(place);
      expect(stdout).toMatch(/^rebuilt: \d+ users inserted, \d+ updated, 2 deleted; /);
      expect(code).toBe(0);
      expect((await runVerifyTool(place)).stdout).toMatch(/^exact: /);
    }
    rebuilding = false;
    await ingest;
    expect(sentMeanwhile).toBeGreaterThan(0);
    await untilLoaded(url);
    expect(sorted(await readBalances(url))).toEqual(sorted(cents));
    expect((await sendRequest(url, '/status')).json.checkpoint).toMatchObject({ events: EVENTS });
    expect(await application.stop()).toBe(0);

    await queryDatabase(database.url, 'truncate users_revenue');
    expect(await runRebuildTool(place)).toMatchObject({
      code: 0,
      stdout: expect.stringContaining(`${cents.size} users inserted, 0 updated, 0 deleted`),
    });
    expect((await runVerifyTool(place)).stdout).toMatch(/^exact: /);
    const again = await RunningApplication.start(place);
    expect(sorted(await readBalances(again.serverUrl))).toEqual(sorted(cents));
    expect(await again.stop()).toBe(0);
  } finally {
    await database.drop();
  }
});

const sorted = (balances: ReadonlyMap<string, bigint>): Map<string, bigint> =>
  new Map([...balances].sort());

async function untilLoaded(url: string): Promise<void> {
  await eventually(async () => (await sendRequest(url, '/status')).json.lag.bytes === 0, 60_000);
}
