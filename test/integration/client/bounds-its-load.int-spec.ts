import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../support/eventually.js';
import { ClientHarness, eventLine, eventLines } from './client-harness.js';
import { FakeIngest } from './fake-ingest.js';

let harness: ClientHarness;
let ingest: FakeIngest;

beforeEach(async () => {
  harness = await ClientHarness.create();
  ingest = await FakeIngest.start(async () => {
    await sleep(5);
    return { kind: 'store' };
  });
});

afterEach(async () => {
  await ingest.close();
  await harness.remove();
});

describe('the client', () => {
  it('keeps its requests in flight and its connections within the bound, and uses both', async () => {
    await harness.writeEvents(eventLines(1_000));
    await harness.service(ingest, { clientConcurrencyMax: 3 }).run();
    expect(ingest.inFlightMax).toBe(3);
    expect(ingest.connections).toBe(3);
    expect(ingest.requests).toHaveLength(100);
  });

  it('keeps requests within the bound on items', async () => {
    await harness.writeEvents(eventLines(95));
    await harness.service(ingest, { clientRequestItemsMax: 20 }).run();
    const sizes = ingest.requests.map(({ items }) => items.length).sort((a, b) => b - a);
    expect(sizes).toEqual([20, 20, 20, 20, 15]);
  });

  it('keeps requests within 1 MiB', async () => {
    await harness.writeEvents(`${eventLine(1, '😀'.repeat(255))}\n`.repeat(3_000));
    const overrides = { clientRequestItemsMax: 100_000 };
    const summary = await harness.service(ingest, overrides).run();
    expect(summary.accepted).toBe(3_000);
    expect(ingest.requests.length).toBeGreaterThan(2);
    for (const { bytes } of ingest.requests) expect(bytes).toBeLessThanOrEqual(1024 * 1024);
  });

  it('reports how far it is', async () => {
    await harness.writeEvents(eventLines(2_000));
    const service = harness.service(ingest);
    let release: () => void = () => undefined;
    const held = new Promise<void>((resolve) => (release = resolve));
    ingest.behave = async ({ number }) => {
      if (number > 100) await held;
      return { kind: 'store' };
    };
    expect(service.progress()).toMatchObject({ running: false, runId: null });
    const running = service.run();
    await eventually(() => service.progress().accepted > 0);
    const progress = service.progress();
    expect(progress.running).toBe(true);
    expect(progress.accepted).toBeGreaterThan(0);
    expect(progress.accepted).toBeLessThan(2_000);
    expect(progress.ratePerSecond).toBeGreaterThan(0);
    release();
    const { runId } = await running;
    expect(service.progress()).toMatchObject({
      running: false,
      runId,
      line: 2_000,
      accepted: 2_000,
      bytesRead: progress.bytesTotal,
    });
  });
});
