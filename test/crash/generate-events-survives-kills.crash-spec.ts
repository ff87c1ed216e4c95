import { readdir, readFile, writeFile } from 'node:fs/promises';
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
/** All of them, and what is sent between a look and its kill, end far before the file does. */
const LINES_BETWEEN_KILLS_MAX = 6_000;
/** So that a run that is to be killed is not over before. */
const SLOW = { CLIENT_REQUEST_ITEMS_MAX: '20' };
const SOON_MS = 100;

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
  const killed = { ...settings, env: { ...settings.env, ...SLOW } };

  let begun = 0;
  for (let kill = 0; kill < KILLS; kill++) {
    const application = await RunningApplication.start(killed);
    const run = sendRequest(application.clientUrl, '/generateEvents').catch(() => null);
    // By turns soon after the call, before anything is answered at times, and further on in the file.
    if (kill % 2 === 0) await sleep(random() * SOON_MS);
    else await untilLine(application, begun + Math.ceil(random() * LINES_BETWEEN_KILLS_MAX));
    await application.kill();
    // Finished, it would be no kill during the run, and the next call would count again.
    expect(await run).toBeNull();
    begun = await answeredLine(settings.dataDir);
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
}, 400_000);

/** Until the run has got this far, and some more: the kill comes at whatever it does then. */
async function untilLine({ clientUrl }: RunningApplication, line: number): Promise<void> {
  await eventually(async () => {
    const { json } = await sendRequest(clientUrl, '/generateEvents/progress');
    return json.line >= line;
  });
}

/** What the state of the run on disk says, after a kill. */
async function answeredLine(dataDir: string): Promise<number> {
  const directory = join(dataDir, 'client');
  const names = await readdir(directory).catch(() => []); // killed before there was a run
  const name = names.find((each) => each.endsWith('.run.json'));
  if (name === undefined) return 0;
  const state = JSON.parse(await readFile(join(directory, name), 'utf8')) as { line: number };
  return state.line;
}

function differences(
  found: ReadonlyMap<string, bigint>,
  wanted: ReadonlyMap<string, bigint>,
): string[] {
  const users = new Set([...found.keys(), ...wanted.keys()]);
  return [...users].filter((user) => found.get(user) !== wanted.get(user));
}
