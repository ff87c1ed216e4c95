import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const CHECKOUT = join(import.meta.dirname, '../..');

let database: TestDatabase;
let application: RunningApplication;
let commands: readonly string[];
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
  commands = commandsOf(await readFile(join(CHECKOUT, 'README.md'), 'utf8'), 'Sending events');
});
afterAll(() => database.drop());

/** The indented blocks of a section; a block is one command. */
function commandsOf(page: string, title: string): string[] {
  const [, section = ''] = page.split(`\n## ${title}\n`);
  const [text = ''] = section.split('\n## ');
  const blocks = text.split('\n\n').filter((block) => block.startsWith('    '));
  return blocks.map((block) => block.replaceAll(/^ {4}/gm, ''));
}

/** As a reader of the page would run it in the checkout; only the port is another one. */
async function run(command: string): Promise<string> {
  const { port } = new URL(application.serverUrl);
  const here = command.replaceAll('localhost:8000', `localhost:${port}`);
  expect(here).not.toBe(command);
  const { stdout } = await promisify(execFile)('sh', ['-c', here], { cwd: CHECKOUT });
  return stdout;
}

/** What the commands answer, in the order of the page. */
const ANSWERS = [
  ['one event', 1, 0],
  ['an array', 2, 0],
  ['a file of lines', 1_000, 0],
  ['a stream of lines', 1_000, 0],
  ['the same stream again, packed', 0, 1_000],
  ['a CloudEvent in binary mode', 1, 0],
  ['the same CloudEvent by the SDK', 0, 1],
] as const;

describe('the commands of the README', () => {
  it('are these, and one with autocannon', () => {
    expect(commands).toHaveLength(ANSWERS.length + 1);
    expect(commands.at(-1)).toMatch(/^npx autocannon /);
  });

  it.each(ANSWERS)('send %s', async (...answer) => {
    const [, accepted, duplicates] = answer;
    const command = commands[ANSWERS.findIndex(([what]) => what === answer[0])] ?? '';
    expect(JSON.parse(await run(command))).toEqual({ accepted, duplicates, rejected: [] });
  });

  it('send as many as autocannon can, each of them counted once', async () => {
    const before = (await storedRecords(application)).length;
    const [, amount] = / -a (\d+) /.exec(commands.at(-1) ?? '') ?? [];
    await run(commands.at(-1) ?? '');
    const stored = (await storedRecords(application)).slice(before);
    expect(stored).toHaveLength(Number(amount));
    expect(new Set(stored.map(({ id }) => id)).size).toBe(Number(amount));
  });
});
