import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { Drain } from '../../../src/shared/drain.js';
import { ClientHarness, eventLines, problemOf, sumTo } from './client-harness.js';
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

describe('a drain', () => {
  it('stops the run once the requests in flight are answered, and the next process goes on', async () => {
    const drain = new Drain();
    ingest.behave = async ({ number }) => {
      if (number === 4) drain.begin();
      await sleep(30);
      return { kind: 'store' };
    };
    const service = harness.service(ingest, {}, drain);
    const problem = problemOf(service.run());
    while (!drain.begun) await sleep(5);
    await service.stop();
    const requests = ingest.requests.length;
    expect(requests).toBeLessThanOrEqual(5);
    expect((await harness.state()).json).toMatchObject({
      finished: false,
      line: 10 * requests,
      accepted: 10 * requests,
    });
    expect(await problem).toMatchObject({ status: 503, code: 'RUN_STOPPED' });
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 100, duplicates: 0 });
    expect(ingest.sum).toBe(sumTo(100));
  });

  it('does not wait for a retry', async () => {
    ingest.behave = () => ({ kind: 'say', status: 503, headers: { 'Retry-After': '25' } });
    const service = harness.service(ingest);
    const problem = problemOf(service.run());
    while (ingest.requests.length < 2) await sleep(5);
    await sleep(20);
    const began = Date.now();
    await service.stop();
    expect(Date.now() - began).toBeLessThan(20_000);
    expect(await problem).toMatchObject({ code: 'RUN_STOPPED' });
  });

  it('cuts a request that is not answered in time', async () => {
    ingest.behave = () => new Promise(() => undefined);
    const service = harness.service(ingest, { drainTimeoutMs: 200 });
    const problem = problemOf(service.run());
    while (ingest.requests.length < 2) await sleep(5);
    await service.stop();
    expect(await problem).toMatchObject({ code: 'RUN_STOPPED' });
  });

  it('lets no run begin any more', async () => {
    const service = harness.service(ingest);
    await service.stop();
    expect(await problemOf(service.run())).toMatchObject({ status: 503, code: 'RUN_STOPPED' });
    expect(ingest.requests).toHaveLength(0);
  });
});
