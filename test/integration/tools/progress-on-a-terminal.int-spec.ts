import { execFileSync } from 'node:child_process';
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { Terminal } from '../../support/terminal.js';
import { LoadHarness, recordLine } from '../processor/load-harness.js';

const LOG_TOOL = join(import.meta.dirname, '../../../dist/src/tools/log.js');
const EVENTS = 600_000;
const BAR = / \[#*\.*\] \d+ %, \d+\.\d MiB\/s, \d+ s left/;

let harness: LoadHarness;
let bytes: number;
let identity: string;
let fingerprint: string;
beforeAll(async () => {
  harness = await LoadHarness.create();
  const lines = recordLine('abc', 5).repeat(EVENTS);
  bytes = lines.length;
  const log = await harness.openLogWith(lines);
  identity = log.identity;
  fingerprint = await log.fingerprintBefore(log.endOffset());
  await log.close();
});
afterAll(() => harness.remove());

const onTerminal = (command: string): Terminal =>
  Terminal.run(`cd "${harness.directory}" && "${process.execPath}" "${LOG_TOOL}" ${command}`, {
    DATA_DIR: harness.dataDir(),
    DATABASE_URL: harness.database.url,
  });

/** What stays on the line that was drawn over. */
const left = (output: string): string => output.slice(output.lastIndexOf('\r\u001b[K') + 4);

it('log export to another program, which takes its time', async () => {
  const fifo = join(harness.directory, 'records');
  execFileSync('sh', ['-c', 'mkfifo "$0"', fifo]);
  const terminal = onTerminal(`export > "${fifo}"`);
  const reader = createReadStream(fifo);
  let taken = 0;
  for await (const piece of reader as AsyncIterable<Buffer>) {
    taken += piece.length;
    // From the first piece to the bar, the reader is in no hurry.
    if (taken < bytes / 2) await new Promise((resolve) => setTimeout(resolve, 1));
  }
  expect(await terminal.exit()).toBe(0);
  expect(taken).toBe(bytes);
  expect(terminal.output).toMatch(new RegExp(`export${BAR.source}`));
  expect(left(terminal.output)).toBe('');
});

it('log export beside the bar of nobody, when the records themselves go to the terminal', async () => {
  const terminal = onTerminal(`export --to ${recordLine('abc', 5).length * 50_000}`);
  expect(await terminal.exit()).toBe(0);
  expect(terminal.output).not.toContain('\u001b[K');
  expect(terminal.output.split('\n')).toHaveLength(50_001);
});

it('log reload of a long range', async () => {
  await harness.dataSource.query(
    'insert into load_checkpoint values ($1, $2, $3, null, 0, now())',
    [identity, bytes, fingerprint],
  );
  await harness.dataSource.query(
    `insert into dead_letters (log_id, "offset", length, bytes, code, message)
     values ($1, 0, $2, '', 'BLOCK_CORRUPT', 'a test')`,
    [identity, bytes],
  );
  const terminal = onTerminal(`reload --from 0 --to ${bytes}`);
  expect(await terminal.exit()).toBe(0);
  expect(terminal.output).toContain(`reloaded ${EVENTS} events`);
  expect(terminal.output).toMatch(new RegExp(`reload${BAR.source}`));
  expect(await harness.balances()).toEqual({ abc: String(EVENTS * 5) });
});

it('log repair, while it reads what a start does', async () => {
  const terminal = onTerminal('repair');
  expect(await terminal.exit()).toBe(0);
  expect(terminal.output).toMatch(new RegExp(`repair, what a start reads${BAR.source}`));
  expect(left(terminal.output)).toMatch(/^sound: /);
});
