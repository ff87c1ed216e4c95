import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientHarness, eventLines, sumTo } from './client-harness.js';
import { FakeIngest, type Conduct } from './fake-ingest.js';

const EVENTS = 2_000;

let harness: ClientHarness;
let ingest: FakeIngest;

beforeEach(async () => {
  harness = await ClientHarness.create();
  await harness.writeEvents(`not json\n${eventLines(EVENTS)}`);
  ingest = await FakeIngest.start();
});

afterEach(async () => {
  await ingest.close();
  await harness.remove();
});

/** Kills a process in the middle of a run, when it sends its request number `at`. */
async function killAtRequest(at: number, conduct: Conduct): Promise<void> {
  const program = join(import.meta.dirname, 'run-in-child.mjs');
  const config = JSON.stringify(harness.config(ingest, { clientConcurrencyMax: 4 }));
  const child = spawn(process.execPath, [program, config], { stdio: 'ignore' });
  const exited = once(child, 'exit');
  const before = ingest.requests.length;
  ingest.behave = async ({ number }) => {
    if (number < before + at) return { kind: 'store' };
    child.kill('SIGKILL');
    await exited;
    return conduct;
  };
  expect((await exited)[1]).toBe('SIGKILL');
  ingest.behave = () => ({ kind: 'store' });
}

describe('a run whose process was killed', () => {
  it.each([
    [1, 'store'],
    [1, 'cut'],
    [60, 'store'],
    [60, 'cut'],
    [199, 'store'],
  ] as const)('is gone on with: at request %i, %s', async (at, kind) => {
    await killAtRequest(at, { kind });
    const { runId } = (await harness.state()).json;
    const summary = await harness.service(ingest).run();
    expect(summary.runId).toBe(runId);
    expect(summary).toMatchObject({ read: EVENTS + 1, invalidTotal: 1 });
    expect(summary.accepted + summary.duplicates).toBe(EVENTS);
    expect(ingest.sum).toBe(sumTo(EVENTS));
  });

  it('is gone on with after several kills', async () => {
    for (const at of [20, 20, 20]) await killAtRequest(at, { kind: 'store' });
    await harness.service(ingest).run();
    expect(ingest.stored.size).toBe(EVENTS);
    expect(ingest.sum).toBe(sumTo(EVENTS));
  });
});
