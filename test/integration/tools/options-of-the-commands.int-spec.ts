import { execFile } from 'node:child_process';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { temporaryDirectory } from '../../support/running-application.js';
import { LoadHarness, recordLine } from '../processor/load-harness.js';
import { runTool, type ToolEnd } from '../verify/run-tool.js';

const MAIN = join(import.meta.dirname, '../../../dist/src/main.js');

let harness: LoadHarness;
beforeAll(async () => {
  harness = await LoadHarness.create();
  await (await harness.openLogWith(recordLine('abc', 5))).close();
});
afterAll(() => harness.remove());

const run = (command: string): Promise<ToolEnd> =>
  runTool(command, harness.dataDir(), harness.database.url);

async function start(dataDir: string, ...args: readonly string[]): Promise<ToolEnd> {
  const env = { PATH: process.env['PATH'], DATA_DIR: dataDir };
  const cwd = await temporaryDirectory();
  return new Promise((resolve) => {
    execFile(process.execPath, [MAIN, ...args], { cwd, env }, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

it.each([
  ['load --nope', 'load'],
  ['load now', 'load'],
  ['verify --nope', 'verify'],
  ['rebuild --share', 'rebuild'],
  ['log', 'log'],
  ['log nope', 'log'],
  ['log verify --nope', 'log verify'],
  ['log reload --from a --to b', 'log reload'],
])('%s is refused with its usage, and does nothing', async (command, name) => {
  const { code, stdout, stderr } = await run(command);
  expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
  expect(stderr).toMatch(
    new RegExp(`^${name}: USAGE_INVALID: .+\nusage: npm run ${name.split(' ')[0]}`),
  );
  expect(await harness.balances()).toEqual({});
});

it.each(['load --help', 'verify -h', 'rebuild --help', 'log --help', 'log reload --help'])(
  '%s tells its usage, and does nothing',
  async (command) => {
    const { code, stdout, stderr } = await run(command);
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    expect(stdout).toMatch(/^usage: npm run /);
    expect(await harness.balances()).toEqual({});
  },
);

it('the application starts with no option, since variables set everything', async () => {
  const dataDir = join(await temporaryDirectory(), 'data');
  const refused = await start(dataDir, '--port=8080');
  expect(refused).toMatchObject({ code: 1, stdout: '' });
  expect(refused.stderr).toMatch(/^revenue-etl: USAGE_INVALID: .*"--port=8080".*environment/);
  const helped = await start(dataDir, '--help');
  expect(helped).toMatchObject({ code: 0, stdout: expect.stringMatching(/^usage: npm start/) });
  expect(await readdir(join(dataDir, '..'))).toEqual([]);
});

it('an empty log is told by its place', async () => {
  await (await harness.openLog('empty')).close();
  const empty = (command: string): Promise<ToolEnd> =>
    runTool(command, harness.dataDir('empty'), harness.database.url);
  const place = harness.dataDir('empty');
  expect(await empty('load')).toMatchObject({
    ...{ code: 0, stdout: expect.stringContaining(`caught-up: the log in ${place} is empty`) },
  });
  expect(await empty('verify')).toMatchObject({
    ...{ code: 0, stdout: expect.stringContaining(`the log in ${place} is loaded yet`) },
  });
  expect(await empty('rebuild')).toMatchObject({
    ...{ code: 2, stdout: expect.stringMatching(/NOTHING_LOADED.*npm run load/) },
  });
  expect(await empty('log export')).toMatchObject({
    ...{
      code: 0,
      stdout: '',
      stderr: expect.stringContaining(`${place}/staging has offsets 0 to 0`),
    },
  });
  expect(await empty('log inspect --offset 0')).toMatchObject({
    ...{ code: 1, stderr: expect.stringContaining(`${place}/staging has offsets 0 to 0`) },
  });
});
