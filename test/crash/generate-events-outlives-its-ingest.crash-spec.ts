import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase } from '../support/test-database.js';

const EVENTS = 60_000;
/** So slow that at the last kill some 9 s of the run are left, and refused with 429 most of the time. */
const EVENTS_PER_SECOND = 4_000;
const KILLED_AT_LINES = [3_000, 12_000, 22_000];

it('counts each line once where the process that it sends to is killed, while the run goes on elsewhere', async () => {
  const seed = testSeed();
  console.info(`SEED=${seed}`);
  const { lines, cents } = generateEvents(EVENTS, seededRandom(seed));
  const directory = await temporaryDirectory();
  const eventsFile = join(directory, 'events.jsonl');
  await writeFile(eventsFile, `${lines.join('\n')}\n`);
  const [database, other] = [await createTestDatabase(), await createTestDatabase()];
  const startIngest = (port: string): Promise<RunningApplication> =>
    RunningApplication.start({
      databaseUrl: database.url,
      dataDir: join(directory, 'ingest'),
      env: { SERVER_PORT: port, KEY_EVENTS_PER_SECOND_MAX: String(EVENTS_PER_SECOND) },
    });

  let ingest = await startIngest('0');
  const { port } = new URL(ingest.serverUrl);
  const client = await RunningApplication.start({
    databaseUrl: other.url,
    env: {
      EVENTS_FILE: eventsFile,
      INGEST_URL: ingest.serverUrl,
      CLIENT_ATTEMPTS_MAX: '100',
    },
  });
  const run = sendRequest(client.clientUrl, '/generateEvents');
  for (const line of KILLED_AT_LINES) {
    await eventually(async () => {
      const { json } = await sendRequest(client.clientUrl, '/generateEvents/progress');
      expect(json.running).toBe(true);
      return json.line >= line;
    });
    await ingest.kill();
    ingest = await startIngest(port);
  }

  const { status, json } = await run;
  expect({ status, read: json.read, invalid: json.invalid }).toEqual({
    status: 200,
    read: EVENTS,
    invalid: [],
  });
  expect(Number(json.accepted) + Number(json.duplicates)).toBe(EVENTS);
  await eventually(async () => {
    const answer = await sendRequest(ingest.serverUrl, '/status');
    return answer.json.lag.bytes === 0;
  });
  const balances = await readBalances(ingest.serverUrl);
  expect([...cents].filter(([user, amount]) => balances.get(user) !== amount)).toEqual([]);
  expect(await client.stop()).toBe(0);
  expect(await ingest.stop()).toBe(0);
  await database.drop();
  await other.drop();
});
