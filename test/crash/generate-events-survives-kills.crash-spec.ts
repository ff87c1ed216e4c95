import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { sendRequest } from '../support/send-request.js';

const EVENTS = 200_000;
const KILLS = 10;
const KILL_WITHIN_MS = 1_200;

it('counts each line of the file once, however often the process is killed during generateEvents', async () => {
  const seed = testSeed();
  console.info(`SEED=${seed}`);
  const random = seededRandom(seed);
  const { lines, cents } = generateEvents(EVENTS, random);
  const directory = await temporaryDirectory();
  const eventsFile = join(directory, 'events.jsonl');
  await writeFile(eventsFile, `${lines.join('\n')}\n`);
  // The embedded PostgreSQL: a kill of the application must not leave it behind.
  const settings = { dataDir: join(directory, 'data'), env: { EVENTS_FILE: eventsFile } };

  for (let kill = 0; kill < KILLS; kill++) {
    const application = await RunningApplication.start(settings);
    const run = sendRequest(application.clientUrl, '/generateEvents').catch(() => null);
    await sleep(random() * KILL_WITHIN_MS);
    await application.kill();
    await run;
  }

  const application = await RunningApplication.start(settings);
  const { status, json } = await sendRequest(application.clientUrl, '/generateEvents');
  expect({ status, read: json.read, invalidTotal: json.invalidTotal }).toEqual({
    status: 200,
    read: EVENTS,
    invalidTotal: 0,
  });
  await eventually(async () => {
    const answer = await sendRequest(application.serverUrl, '/status');
    return answer.json.lag.bytes === 0;
  });
  const balances = await readBalances(application.serverUrl);
  expect(differences(balances, cents)).toEqual([]);
  expect(await application.stop()).toBe(0);
}, 180_000);

function differences(
  found: ReadonlyMap<string, bigint>,
  wanted: ReadonlyMap<string, bigint>,
): string[] {
  const users = new Set([...found.keys(), ...wanted.keys()]);
  return [...users].filter((user) => found.get(user) !== wanted.get(user));
}
