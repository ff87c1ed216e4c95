import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientHarness, eventLine, eventLines, problemOf, sumTo } from './client-harness.js';
import { FakeIngest } from './fake-ingest.js';

let harness: ClientHarness;
let ingest: FakeIngest;

beforeEach(async () => {
  harness = await ClientHarness.create();
  await harness.writeEvents(eventLines(100));
  ingest = await FakeIngest.start();
});

afterEach(async () => {
  await ingest.close();
  await harness.remove();
});

/** Leaves a run behind that stopped after 40 lines. */
async function interruptRun(): Promise<void> {
  ingest.behave = ({ number }) => (number <= 4 ? { kind: 'store' } : { kind: 'say', status: 401 });
  await problemOf(harness.service(ingest, { clientConcurrencyMax: 1 }).run());
  ingest.behave = () => ({ kind: 'store' });
}

describe('a call for a run', () => {
  it('is refused while a run is going on', async () => {
    ingest.behave = () => sleep(20, { kind: 'store' });
    const service = harness.service(ingest);
    const running = service.run();
    expect(await problemOf(service.run())).toMatchObject({ status: 409, code: 'RUN_IN_PROGRESS' });
    expect(await running).toMatchObject({ accepted: 100 });
    expect(ingest.sum).toBe(sumTo(100));
  });

  it('is refused when the file of an unfinished run has changed', async () => {
    await interruptRun();
    await harness.writeEvents(`${eventLine(1_000)}\n${eventLines(99)}`);
    const requests = ingest.requests.length;
    const problem = await problemOf(harness.service(ingest).run());
    expect(problem).toMatchObject({ status: 409, code: 'RUN_FILE_CHANGED' });
    const { path } = await harness.state();
    expect(problem.detail).toContain(path);
    expect(ingest.requests).toHaveLength(requests);
  });

  it('goes on when the changed file was put back, and begins anew when the state was removed', async () => {
    await interruptRun();
    await harness.writeEvents(eventLines(50));
    await problemOf(harness.service(ingest).run());
    await harness.writeEvents(eventLines(100));
    expect(await harness.service(ingest).run()).toMatchObject({ read: 100, accepted: 100 });
    expect(ingest.sum).toBe(sumTo(100));
    await rm((await harness.state()).path);
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 100 });
  });

  it('takes a changed file after a finished run', async () => {
    await harness.service(ingest).run();
    await harness.writeEvents(eventLines(7));
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 7 });
  });

  it('is refused when the state is torn, and never begins a new run over it', async () => {
    await interruptRun();
    const { path } = await harness.state();
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.slice(0, 60));
    const requests = ingest.requests.length;
    const problem = await problemOf(harness.service(ingest).run());
    expect(problem).toMatchObject({ status: 409, code: 'RUN_STATE_UNREADABLE' });
    expect(problem.detail).toContain(path);
    expect(ingest.requests).toHaveLength(requests);
    await writeFile(path, text);
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 100 });
  });

  it('sends nothing when its state cannot be written', async () => {
    await harness.blockStateFile();
    const problem = await problemOf(harness.service(ingest).run());
    expect(problem).toMatchObject({ status: 503, code: 'RUN_STATE_UNWRITABLE' });
    expect(problem.detail).toContain('EISDIR');
    expect(ingest.requests).toHaveLength(0);
  });

  it('stops when its state cannot be written any more, and can be gone on with', async () => {
    await harness.writeEvents(eventLines(1_000));
    const service = harness.service(ingest);
    ingest.behave = async ({ number }) => {
      if (number === 2) await harness.blockStateFile();
      return await sleep(20, { kind: 'store' });
    };
    const problem = await problemOf(service.run());
    expect(problem).toMatchObject({ code: 'RUN_STATE_UNWRITABLE' });
    expect(ingest.requests.length).toBeLessThan(100);
    await harness.unblockStateFile();
    expect(await service.run()).toMatchObject({ read: 1_000 });
    expect(ingest.sum).toBe(sumTo(1_000));
  });

  it('is refused without the file', async () => {
    await rm(harness.eventsFile);
    const problem = await problemOf(harness.service(ingest).run());
    expect(problem).toMatchObject({ status: 404, code: 'EVENTS_FILE_UNREADABLE' });
    expect(problem.detail).toContain(harness.eventsFile);
    expect(problem.detail).toContain('EVENTS_FILE');
  });

  it('is refused when the file is a directory', async () => {
    await rm(harness.eventsFile);
    await mkdir(harness.eventsFile);
    const problem = await problemOf(harness.service(ingest).run());
    expect(problem).toMatchObject({ status: 400, code: 'EVENTS_FILE_UNREADABLE' });
  });

  it('notices a file that is written to while it is being sent', async () => {
    const content = eventLines(100) + `${' '.repeat(99)}\n`.repeat(10_000);
    await harness.writeEvents(content);
    let rewritten: Promise<void> | null = null;
    ingest.behave = async () => {
      rewritten ??= harness.writeEvents(`${content.slice(0, -2)}x\n`);
      await rewritten;
      return { kind: 'store' };
    };
    const problem = await problemOf(harness.service(ingest).run());
    expect(problem.code).toBe('RUN_FILE_CHANGED');
    expect((await harness.state()).json).toMatchObject({ finished: false });
  });
});
