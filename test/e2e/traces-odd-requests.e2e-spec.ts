import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { OtlpCollector } from '../support/otlp-collector.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const EVENT = { userId: 'abc-user', name: 'add_revenue', value: 1 };
const ID = '0af7651916cd43dd8448eb211c80319c';
const SPAN = 'b7ad6b7169203331';
const BROKEN = [
  '',
  'x'.repeat(8_000),
  `00-${'0'.repeat(32)}-${'0'.repeat(16)}-01`,
  `ff-${ID}-${SPAN}-01`,
  `00-${ID.toUpperCase()}-${SPAN}-01`,
  `00-${ID}-${SPAN}-zz`,
  `00-${ID}-${SPAN}-01, 00-${ID}-${SPAN}-01`,
];
const LINE = `${JSON.stringify(EVENT)}\n`;

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

describe('traces of requests that are not as they should be', () => {
  let collector: OtlpCollector;
  let application: RunningApplication;
  beforeAll(async () => {
    collector = await OtlpCollector.open();
    application = await RunningApplication.start({
      databaseUrl: database.url,
      env: { OTEL_EXPORTER_OTLP_ENDPOINT: collector.url },
    });
  });

  const spanOf = (requestId: string) =>
    collector.spans.find(({ attributes }) => attributes['revenue_etl.request.id'] === requestId);

  it('begin anew where the traceparent is broken', async () => {
    await Promise.all(
      BROKEN.map(async (traceparent, index) => {
        const tracestate = `a=${'b'.repeat(3_000)}`;
        const answer = await sendRequest(application.serverUrl, '/events', {
          method: 'POST',
          headers: { traceparent, tracestate, 'X-Request-Id': `broken-${index}` },
          body: EVENT,
        });
        expect(answer.status).toBe(202);
        await eventually(() => spanOf(`broken-${index}`) !== undefined);
        const { parentSpanId, traceId } = spanOf(`broken-${index}`)!;
        expect(parentSpanId).toBe('');
        expect(traceId).toMatch(/^(?!0af7|0AF7|0+$)[0-9a-f]{32}$/);
      }),
    );
  });

  it.each([
    ['application/json', '{"userId":"abc', { 'revenue_etl.problem.code': 'BODY_INCOMPLETE' }],
    ['application/x-ndjson', `${LINE}${LINE}{"user`, { 'revenue_etl.events.accepted': 2 }],
  ])('end when the sender is gone in the middle of %s', async (type, part, told) => {
    const id = `cut-${part.length}`;
    const { port } = new URL(application.serverUrl);
    const socket = connect(Number(port), '127.0.0.1');
    socket.on('error', () => undefined);
    socket.resume();
    await once(socket, 'connect');
    socket.end(
      `POST /events?key=in-the-query HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nContent-Type: ${type}\r\nX-Request-Id: ${id}\r\nContent-Length: 10000000\r\n\r\n${part}`,
    );
    await once(socket, 'close');
    await eventually(() => spanOf(id) !== undefined);
    const { attributes, endedAt, startedAt } = spanOf(id)!;
    expect(attributes).toMatchObject(told);
    expect(endedAt > startedAt).toBe(true);
    expect(collector.requests.every(({ body }) => !body.includes('in-the-query'))).toBe(true);
  });
});
