import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { ClientHarness, eventLine, eventLines, sumTo } from './client-harness.js';
import { FakeIngest } from './fake-ingest.js';

let harness: ClientHarness;
let ingest: FakeIngest;

beforeEach(async () => {
  harness = await ClientHarness.create();
  ingest = await FakeIngest.start();
});

afterEach(async () => {
  await ingest.close();
  await harness.remove();
});

describe('GET /generateEvents', () => {
  it('sends every line of the file once, identical ones too', async () => {
    await harness.writeEvents(`${eventLine(5)}\n`.repeat(250));
    const summary = await harness.service(ingest).run();
    expect(summary).toMatchObject({ read: 250, accepted: 250, duplicates: 0, invalidTotal: 0 });
    expect(ingest.sum).toBe(1_250);
    expect(ingest.stored.has(`${summary.runId}:250`)).toBe(true);
  });

  it('sends NDJSON, in the layout that ingest splices into records', async () => {
    await harness.writeEvents(` { "value": 1e2, "name":"add_revenue","userId" : "\\u00e4" }\n`);
    const { runId } = await harness.service(ingest).run();
    const line = `{"id":"${runId}:1","userId":"ä","name":"add_revenue","value":100}\n`;
    expect(ingest.requests).toMatchObject([
      { contentType: 'application/x-ndjson', bytes: Buffer.byteLength(line), body: line },
    ]);
  });

  it('goes on after a bad line, and says which lines are bad and why', async () => {
    const lines = [eventLine(1), 'not json', eventLine(2), '{"userId":"u"}', '', eventLine(4)];
    await harness.writeEvents(lines.join('\n'));
    const summary = await harness.service(ingest).run();
    expect(summary).toMatchObject({ read: 5, accepted: 3, invalidTotal: 2 });
    expect(summary.invalid).toMatchObject([
      { line: 2, code: 'INVALID_JSON' },
      { line: 4, code: 'NAME_MISSING' },
    ]);
    expect(ingest.sum).toBe(7);
  });

  it('reads a byte order mark, CR LF, blank lines, other alphabets and a missing last line end', async () => {
    const text = `\ufeff${eventLine(1, 'ä€😀')}\r\n\r\n \t\r\n${eventLine(2, '李')}\r\n${eventLine(4)}`;
    await harness.writeEvents(text);
    const summary = await harness.service(ingest).run();
    expect(summary).toMatchObject({ read: 3, accepted: 3, invalidTotal: 0 });
    const users = ingest.requests.flatMap(({ items }) => items.map(({ userId }) => userId));
    expect(users).toEqual(['ä€😀', '李', 'u']);
    expect([...ingest.stored.keys()]).toEqual([1, 4, 5].map((line) => `${summary.runId}:${line}`));
  });

  it('skips a line beyond 1 MiB and sends those around it', async () => {
    const huge = `{"userId":"${'x'.repeat(3 * 1024 * 1024)}"}`;
    await harness.writeEvents(`${eventLine(1)}\n${huge}\n${eventLine(2)}\n`);
    const summary = await harness.service(ingest).run();
    expect(summary).toMatchObject({ read: 3, accepted: 2 });
    expect(summary.invalid).toMatchObject([{ line: 2, code: 'LINE_TOO_LONG' }]);
  });

  it('has no trouble with an empty file', async () => {
    await harness.writeEvents('');
    expect(await harness.service(ingest).run()).toMatchObject({ read: 0, accepted: 0 });
    expect(ingest.requests).toHaveLength(0);
  });

  it("keeps an event's own id, and tells a reused one by its line", async () => {
    const own = (value: number) =>
      JSON.stringify({ id: 'inv-1', userId: 'u', name: 'add_revenue', value });
    await harness.writeEvents([eventLine(1), own(2), own(2), own(3)].join('\n'));
    const summary = await harness.service(ingest).run();
    expect(summary).toMatchObject({ read: 4, accepted: 2, duplicates: 1, invalidTotal: 1 });
    expect(summary.invalid).toMatchObject([{ line: 4, code: 'ID_REUSED' }]);
  });

  it('counts lines of which a whole request was rejected', async () => {
    const own = (value: number) =>
      JSON.stringify({ id: 'inv-1', userId: 'u', name: 'add_revenue', value });
    await harness.writeEvents([own(1), own(2), own(3)].join('\n'));
    const summary = await harness
      .service(ingest, { clientRequestItemsMax: 1, clientConcurrencyMax: 1 })
      .run();
    expect(summary).toMatchObject({ accepted: 1, invalidTotal: 2 });
    expect(summary.invalid.map(({ line }) => line)).toEqual([2, 3]);
  });

  it('counts again when it is called again after a finished run', async () => {
    await harness.writeEvents(eventLines(30));
    const service = harness.service(ingest);
    const first = await service.run();
    const second = await service.run();
    expect(second.runId).not.toBe(first.runId);
    expect(second).toMatchObject({ accepted: 30, duplicates: 0 });
    expect(ingest.sum).toBe(2 * sumTo(30));
  });
});
