import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { beforeAll, expect, it } from '@jest/globals';
import { generateEvents, readBalances } from '../support/balances.js';
import { eventually } from '../support/eventually.js';
import { runLogTool, runVerifyTool } from '../support/run-log-tool.js';
import { RunningApplication, temporaryDirectory } from '../support/running-application.js';
import { seededRandom, testSeed } from '../support/seeded-random.js';
import { postEvents, sendRequest } from '../support/send-request.js';

const PAGE = join(import.meta.dirname, '../../docs/backup.md');
const HALF = 2_000;

type Cents = ReadonlyMap<string, bigint>;

let page = '';
let dataDir = '';
let seed = 0;
beforeAll(async () => {
  page = await readFile(PAGE, 'utf8');
  dataDir = join(await temporaryDirectory(), 'data');
  seed = testSeed();
  console.info(`SEED=${seed}`);
});

/** The first commands under a heading of the page, run where `data` is, as a reader would. */
async function follow(heading: string): Promise<void> {
  const [, section = ''] = page.split(new RegExp(`^#+ ${heading}\n+`, 'm'));
  const block = section.split('\n\n').find((part) => part.startsWith('    ')) ?? '';
  const commands = block.replaceAll(/^ {4}/gm, '');
  expect(commands).toContain('cp -a ');
  await promisify(execFile)('sh', ['-ec', commands], { cwd: dirname(dataDir) });
}

/** Events with ids, by which a second sending of them is recognised. */
function makeHalf(name: string, seedOfHalf: number): { bodies: string; cents: Cents } {
  const { lines, cents } = generateEvents(HALF, seededRandom(seedOfHalf));
  const withIds = lines.map((line, n) => line.replace('{', `{"id":"${name}-${n}",`));
  return { bodies: `[${withIds.join(',')}]`, cents };
}

function sum(...parts: readonly Cents[]): Map<string, bigint> {
  const total = new Map<string, bigint>();
  for (const [user, cents] of parts.flatMap((part) => [...part])) {
    total.set(user, (total.get(user) ?? 0n) + cents);
  }
  return new Map([...total].sort());
}

/** All of the log is loaded, and the balances are these. */
async function expectBalances({ serverUrl }: RunningApplication, cents: Cents): Promise<void> {
  await eventually(async () => {
    const { json } = await sendRequest(serverUrl, '/status');
    return json.lag.bytes === 0 && json.checkpoint.events > 0;
  });
  expect(new Map([...(await readBalances(serverUrl))].sort())).toEqual(cents);
}

async function expectSound(events: number): Promise<void> {
  const verified = await runVerifyTool({ dataDir });
  expect(verified).toMatchObject({
    code: 0,
    stdout: expect.stringContaining(`the sums of ${events} events`),
  });
  expect((await runLogTool({ dataDir }, 'verify')).code).toBe(0);
}

it('a backup of the embedded database and its log is made and restored as the page says', async () => {
  const before = makeHalf('before', seed);
  const after = makeHalf('after', seed + 1);
  const all = sum(before.cents, after.cents);

  const first = await RunningApplication.start({ dataDir });
  expect((await postEvents(first.serverUrl, before.bodies)).json.accepted).toBe(HALF);
  await expectBalances(first, sum(before.cents));
  expect(await first.stop()).toBe(0);
  await follow('With the embedded PostgreSQL: stop, copy, start');

  const second = await RunningApplication.start({ dataDir });
  expect((await postEvents(second.serverUrl, after.bodies)).json.accepted).toBe(HALF);
  await expectBalances(second, all);
  expect(await second.stop()).toBe(0);
  await follow('The database is lost, the log is there');

  const third = await RunningApplication.start({ dataDir });
  await expectBalances(third, all);
  await expectSound(2 * HALF);
  expect(await third.stop()).toBe(0);
  await follow('All is lost');

  const fourth = await RunningApplication.start({ dataDir });
  await expectBalances(fourth, sum(before.cents));
  await expectSound(HALF);
  const again = await postEvents(fourth.serverUrl, before.bodies);
  expect(again.json).toMatchObject({ accepted: 0, duplicates: HALF });
  expect((await postEvents(fourth.serverUrl, after.bodies)).json.accepted).toBe(HALF);
  await expectBalances(fourth, all);
  expect(await fourth.stop()).toBe(0);
  await expectSound(2 * HALF);
});
