import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientHarness, eventLines, problemOf, sumTo } from './client-harness.js';
import { FakeIngest, type Conduct } from './fake-ingest.js';

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

/** Any attempt of a request may be one of those that are cut. */
const PATIENT = { clientAttemptsMax: 50 };

/** The given conducts for the first requests, then an ingest in order. */
const first =
  (...conducts: Conduct[]) =>
  ({ number }: { number: number }): Conduct =>
    conducts[number - 1] ?? { kind: 'store' };

describe('the client', () => {
  it('does not count an event twice whose answer was lost', async () => {
    ingest.behave = ({ number }) => ({ kind: number % 3 === 1 ? 'store-and-cut' : 'store' });
    const summary = await harness.service(ingest, PATIENT).run();
    expect(ingest.sum).toBe(sumTo(100));
    expect(ingest.stored.size).toBe(100);
    expect(summary.accepted + summary.duplicates).toBe(100);
    expect(summary.duplicates).toBeGreaterThan(0);
  });

  it.each([0, 1, 9, 10])('does not count events twice of which %i were stored', async (items) => {
    ingest.behave = ({ number }) =>
      number % 4 === 1 ? { kind: 'store-part-and-cut', items } : { kind: 'store' };
    const summary = await harness.service(ingest, PATIENT).run();
    expect(ingest.sum).toBe(sumTo(100));
    expect(summary.accepted + summary.duplicates).toBe(100);
    expect(summary.duplicates % Math.max(1, items)).toBe(0);
    expect(summary.duplicates > 0).toBe(items > 0);
  });

  it('sends again a body that something on the way has cut', async () => {
    const body = { code: 'BODY_INCOMPLETE', accepted: 0, duplicates: 0, rejected: [] };
    ingest.behave = first({ kind: 'say', status: 400, body });
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 100, duplicates: 0 });
  });

  it('sends again what was cut before it was stored', async () => {
    ingest.behave = first({ kind: 'cut' }, { kind: 'cut' });
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 100, duplicates: 0 });
  });

  it.each([408, 423, 425, 429, 500, 502, 503, 504])('sends again after %i', async (status) => {
    ingest.behave = first({ kind: 'say', status });
    expect(await harness.service(ingest).run()).toMatchObject({ accepted: 100 });
  });

  it('waits as long as the server asks', async () => {
    ingest.behave = first({ kind: 'say', status: 503, headers: { 'Retry-After': '1' } });
    await harness.service(ingest, { clientConcurrencyMax: 1 }).run();
    const [refused, next] = ingest.requests;
    expect(next!.at - refused!.at).toBeGreaterThanOrEqual(990);
    expect(next!.items).toEqual(refused!.items);
  });

  it('goes on from the item at which a server stopped', async () => {
    ingest.behave = first({ kind: 'store-part', items: 7 }, { kind: 'store-part', items: 0 });
    const summary = await harness.service(ingest, { clientConcurrencyMax: 1 }).run();
    expect(summary).toMatchObject({ accepted: 100, duplicates: 0 });
    expect(ingest.requests.slice(0, 3).map(({ items }) => items.length)).toEqual([10, 3, 3]);
  });

  it('takes progress for a reason to go on trying', async () => {
    ingest.behave = ({ items }) => ({ kind: 'store-part', items: Math.min(1, items.length) });
    await harness.writeEvents(eventLines(10));
    const overrides = { clientAttemptsMax: 2 };
    expect(await harness.service(ingest, overrides).run()).toMatchObject({ accepted: 10 });
  });

  it('gives up on a request after its attempts, and goes on with the run when called again', async () => {
    const service = harness.service(ingest, { clientConcurrencyMax: 1, clientAttemptsMax: 2 });
    ingest.behave = ({ number }) =>
      number <= 4 ? { kind: 'store' } : { kind: 'say', status: 503, body: { code: 'DISK_FULL' } };
    const problem = await problemOf(service.run());
    expect(problem).toMatchObject({ status: 503, code: 'INGEST_UNAVAILABLE' });
    expect(problem.detail).toContain('503 DISK_FULL');
    expect(ingest.requests).toHaveLength(6);
    ingest.behave = () => ({ kind: 'store' });
    expect(await service.run()).toMatchObject({ read: 100, accepted: 100, duplicates: 0 });
    expect(ingest.requests).toHaveLength(12);
  });
});
