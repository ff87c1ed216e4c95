import { writeFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientHarness, eventLines, problemOf, sumTo } from './client-harness.js';
import { FakeIngest } from './fake-ingest.js';

const HOUR_MS = 3_600_000;

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

/** Leaves a run behind that knows of 40 lines; 10 more are stored, and their answer was lost. */
async function interruptRun(): Promise<void> {
  ingest.behave = ({ number }) => {
    if (number <= 4) return { kind: 'store' };
    return number === 5 ? { kind: 'store-and-cut' } : { kind: 'say', status: 401 };
  };
  await problemOf(harness.service(ingest, { clientConcurrencyMax: 1 }).run());
  ingest.behave = () => ({ kind: 'store' });
}

/** As if the state on disk were of another time. */
async function sentAgo(ms: number): Promise<string> {
  const { path, json } = await harness.state();
  expect(typeof json['sentSince']).toBe('string');
  const sentSince = new Date(Date.now() - ms).toISOString();
  await writeFile(path, JSON.stringify({ ...json, sentSince }));
  return sentSince;
}

describe('a run with events that may be stored', () => {
  it('is gone on with while their ids are known', async () => {
    await interruptRun();
    await sentAgo(23 * HOUR_MS);
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 90, duplicates: 10 });
    expect(ingest.sum).toBe(sumTo(100));
  });

  it('is refused when these may be forgotten, before anything is sent, with a way out', async () => {
    await interruptRun();
    const sentSince = await sentAgo(25 * HOUR_MS);
    const { path, json } = await harness.state();
    const requests = ingest.requests.length;
    const service = harness.service(ingest);
    const problem = await problemOf(service.run());
    expect(problem).toMatchObject({ status: 409, code: 'RUN_TOO_OLD' });
    for (const part of [json['runId'], path, 'line 40 ', sentSince, 'missing-events.mjs']) {
      expect(problem.detail).toContain(part);
    }
    const members = { runId: json['runId'], statePath: path, line: 40, sentSince };
    expect(problem.body).toMatchObject(members);
    expect(ingest.requests).toHaveLength(requests);
    expect(await problemOf(service.run())).toMatchObject({ code: 'RUN_TOO_OLD' });
  });

  it('goes by the time that the window says', async () => {
    await interruptRun();
    await sentAgo(5_000);
    const outdated = harness.service(ingest, { dedupeWindowSeconds: 4 });
    expect(await problemOf(outdated.run())).toMatchObject({ code: 'RUN_TOO_OLD' });
    const without = harness.service(ingest, { dedupeIdsMax: 0 });
    expect(await problemOf(without.run())).toMatchObject({ code: 'RUN_TOO_OLD' });
  });

  it('is not refused for a clock that was set back', async () => {
    await interruptRun();
    await sentAgo(-48 * HOUR_MS);
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 90, duplicates: 10 });
  });

  it('does not get younger by calls that fail', async () => {
    await interruptRun();
    const sentSince = await sentAgo(23 * HOUR_MS);
    for (const status of [401, 503, 500]) {
      ingest.behave = () => ({ kind: 'say', status });
      await problemOf(harness.service(ingest, { clientAttemptsMax: 1 }).run());
    }
    expect((await harness.state()).json).toMatchObject({ line: 40, sentSince });
  });

  it('is as young as its last crash once it has gone beyond', async () => {
    await harness.writeEvents(eventLines(30_000));
    await interruptRun();
    await sentAgo(23 * HOUR_MS);
    ingest.behave = ({ items }) =>
      Number(items[0]!.id.split(':')[1]) < 20_000 ? { kind: 'store' } : { kind: 'store-and-cut' };
    const overrides = { clientRequestItemsMax: 1_000, clientAttemptsMax: 1 };
    await problemOf(harness.service(ingest, overrides).run());
    const { json } = await harness.state();
    expect(Number(json['line'])).toBeGreaterThan(15_000);
    expect(Date.now() - Date.parse(String(json['sentSince']))).toBeLessThan(HOUR_MS);
  });
});

describe('a run of which nothing is in doubt', () => {
  it.each([
    ['was refused', () => ({ kind: 'say', status: 401 }) as const],
    ['met a server that was busy', () => ({ kind: 'say', status: 503 }) as const],
  ])('may be gone on with at any time: it %s', async (_, behave) => {
    ingest.behave = (request) => (request.number <= 4 ? { kind: 'store' } : behave());
    await problemOf(harness.service(ingest, { clientConcurrencyMax: 1 }).run());
    expect((await harness.state()).json).toMatchObject({ line: 40, sentSince: null });
    ingest.behave = () => ({ kind: 'store' });
    await harness.service(ingest, { dedupeWindowSeconds: 0 }).run();
    expect(ingest.sum).toBe(sumTo(100));
  });

  it('may so when nobody was there', async () => {
    const { url } = ingest;
    await ingest.close();
    await problemOf(harness.service(url).run());
    expect((await harness.state()).json).toMatchObject({ line: 0, sentSince: null });
    ingest = await FakeIngest.start();
    await harness.service(ingest, { dedupeWindowSeconds: 0 }).run();
    expect(ingest.sum).toBe(sumTo(100));
  });

  it('is in doubt again, on disk, before it sends anything', async () => {
    ingest.behave = ({ number }) => ({ kind: 'say', status: number > 0 ? 401 : 0 });
    await problemOf(harness.service(ingest).run());
    expect((await harness.state()).json['sentSince']).toBeNull();
    const seen: unknown[] = [];
    ingest.behave = async () => {
      seen.push((await harness.state()).json['sentSince']);
      return { kind: 'say', status: 401 };
    };
    await problemOf(harness.service(ingest).run());
    expect(seen.every((since) => typeof since === 'string')).toBe(true);
    expect(seen).not.toHaveLength(0);
  });
});

describe('a long outage within one run', () => {
  it('is waited for, and the state stays as young as the last attempt', async () => {
    let first: number | null = null;
    ingest.behave = async ({ number }) => {
      if (number <= 4) return { kind: 'store' };
      const since = Date.parse(String((await harness.state()).json['sentSince']));
      first ??= since;
      // The state has followed the attempts for longer than the window.
      if (since > first + 2_500) return { kind: 'store' };
      return { kind: 'say', status: 503, headers: { 'Retry-After': '0' } };
    };
    const overrides = {
      dedupeWindowSeconds: 2,
      clientAttemptsMax: 1_000,
      clientConcurrencyMax: 1,
    };
    const summary = await harness.service(ingest, overrides).run();
    expect(summary).toMatchObject({ accepted: 100, duplicates: 0 });
  });

  it('ends the run when an answer was lost before it, and ids may be forgotten after it', async () => {
    ingest.behave = ({ number }) =>
      number === 1
        ? { kind: 'store-and-cut' }
        : { kind: 'say', status: 503, headers: { 'Retry-After': '0' } };
    const overrides = {
      dedupeWindowSeconds: 1,
      clientAttemptsMax: 1_000,
      clientConcurrencyMax: 1,
    };
    const service = harness.service(ingest, overrides);
    const startedAt = Date.now();
    expect(await problemOf(service.run())).toMatchObject({ status: 409, code: 'RUN_TOO_OLD' });
    expect(Date.now() - startedAt).toBeLessThan(10_000);
    expect(await problemOf(service.run())).toMatchObject({ code: 'RUN_TOO_OLD' });
  });
});
