import { execFileSync } from 'node:child_process';
import { readdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase } from '../support/test-database.js';

const EVENTS = 30_000;
const SLOW = { CLIENT_REQUEST_ITEMS_MAX: '10', CLIENT_CONCURRENCY_MAX: '1' };
/** When that one is killed: most are left then, so that no run is over before. */
const ACCEPTED_MIN = EVENTS / 30;
const ROOT = join(import.meta.dirname, '../..');

const shell = (command: string): unknown =>
  execFileSync('sh', ['-c', command], { cwd: ROOT, stdio: ['ignore', 'ignore', 'pipe'] });

const generate = (application: RunningApplication): Promise<Answer> =>
  sendRequest(application.clientUrl, '/generateEvents');

/** Every third line has an id of its own, the first has a byte order mark, and one is no event. */
function fileOf(lines: readonly string[]): string {
  const withIds = lines.map((line, n) =>
    n % 3 === 0 ? `{"id":"own \\"${n}",${line.slice(1)}` : line,
  );
  return `\ufeff${withIds.slice(0, 29_000).join('\r\n')}\r\n\nnot json\n${withIds.slice(29_000).join('\n')}`;
}

/** Since when something is in doubt, as the state on disk says. */
async function sentSince({ dataDir }: RunningApplication): Promise<number> {
  const [name] = await readdir(join(dataDir, 'client'));
  const state = await readFile(join(dataDir, 'client', name!), 'utf8');
  return Date.parse((JSON.parse(state) as { sentSince: string }).sentSince);
}

it('refuses to resume a run whose ids may be forgotten, and its way out loses and doubles nothing', async () => {
  const seed = testSeed();
  console.info(`SEED=${seed}`);
  const { lines, cents } = generateEvents(EVENTS, seededRandom(seed));
  const directory = await temporaryDirectory();
  const database = await createTestDatabase();
  const eventsFile = join(directory, 'events.jsonl');
  const missingFile = join(directory, 'missing.jsonl');
  await writeFile(eventsFile, fileOf(lines));
  const start = (file: string, env = {}): Promise<RunningApplication> =>
    RunningApplication.start({
      databaseUrl: database.url,
      dataDir: join(directory, 'data'),
      env: {
        EVENTS_FILE: file,
        DEDUPE_WINDOW_SECONDS: '2',
        CLIENT_REQUEST_ITEMS_MAX: '100',
        ...env,
      },
    });

  let application = await start(eventsFile, SLOW);
  const run = generate(application).catch(() => null);
  await eventually(async () => {
    const { json } = await sendRequest(application.clientUrl, '/generateEvents/progress');
    return json.accepted > ACCEPTED_MIN;
  });
  await application.kill();
  await run;

  application = await start(eventsFile);
  const before = (await storedRecords(application)).length;
  expect(before).toBeGreaterThan(ACCEPTED_MIN);
  expect(before).toBeLessThan(EVENTS);
  const since = await sentSince(application);
  await eventually(() => Date.now() - since > 2_000); // earlier it would go on, and rightly so
  const { status, json } = await generate(application);
  expect({ status, code: json.code }).toEqual({ status: 409, code: 'RUN_TOO_OLD' });
  expect(await storedRecords(application)).toHaveLength(before);

  // As the message says it.
  const command = /node scripts\/missing-events\.mjs .* > missing\.jsonl/
    .exec(json.detail as string)![0]
    .replace('DATA_DIR', application.dataDir)
    .replace('missing.jsonl', missingFile);
  const wrongLog = command.replace(/ \S+\*\.jsonl/, ' /dev/null');
  expect(() => shell(wrongLog)).toThrow('in none of the log files');
  shell(command);
  expect(await application.stop()).toBe(0);
  application = await start(missingFile);
  const sent = await generate(application);
  expect(sent.json).toMatchObject({ accepted: EVENTS - before, duplicates: 0, invalidTotal: 1 });
  // Again, as somebody in doubt would do: nothing is missing any more but what is no event.
  shell(command);
  expect((await readFile(missingFile, 'utf8')).split('\n')).toEqual(['not json', '']);

  await eventually(async () => {
    const answer = await sendRequest(application.serverUrl, '/status');
    return answer.json.lag.bytes === 0;
  });
  expect(await storedRecords(application)).toHaveLength(EVENTS);
  const balances = await readBalances(application.serverUrl);
  expect([...cents].filter(([user, amount]) => balances.get(user) !== amount)).toEqual([]);
  expect(await application.stop()).toBe(0);
  await database.drop();
});
