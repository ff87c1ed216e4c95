import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { eventually } from '../support/eventually.js';
import { OtlpCollector, type CollectedSpan } from '../support/otlp-collector.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const INTERNAL = 1;
const SERVER = 2;
const SECRET = 'a-key-that-is-in-no-trace';
/** With a point: digits alone may be in any time or id. */
const AMOUNT = 4321.25;
const NEVER_IN_A_TRACE = ['abc-user', 'event-id-7', 'add_revenue', `${AMOUNT}`, 'team', SECRET];
const EVENT = { userId: 'abc-user', name: 'add_revenue', value: AMOUNT };

let database: TestDatabase;
beforeAll(async () => {
  database = await createTestDatabase();
});
afterAll(() => database.drop());

/** A sender's own trace. */
function newTrace(flags: '00' | '01'): { id: string; span: string; traceparent: string } {
  const [id, span] = [randomBytes(16).toString('hex'), randomBytes(8).toString('hex')];
  return { id, span, traceparent: `00-${id}-${span}-${flags}` };
}

describe('a process with a collector', () => {
  let collector: OtlpCollector;
  let application: RunningApplication;

  beforeAll(async () => {
    collector = await OtlpCollector.open();
    await start();
  });

  async function start(): Promise<void> {
    application = await RunningApplication.start({
      databaseUrl: database.url,
      env: {
        API_KEYS: `team:${SECRET}`,
        OTEL_EXPORTER_OTLP_ENDPOINT: `${collector.url}/base/`,
        OTEL_EXPORTER_OTLP_HEADERS: 'x-tenant=my%20team,x-more=1',
        OTEL_SERVICE_NAME: 'balances',
        OTEL_TRACES_SAMPLER_ARG: '0',
      },
    });
  }

  function post(body: unknown, headers: Record<string, string>): Promise<Answer> {
    return sendRequest(application.serverUrl, '/events', {
      method: 'POST',
      headers: {
        'Content-Type': 'application/json',
        Authorization: `Bearer ${SECRET}`,
        ...headers,
      },
      body: typeof body === 'string' ? body : JSON.stringify(body),
    });
  }

  /** The spans of a trace once its request's is there, and those of a load with a link to its append. */
  async function collect(
    traceId: string,
  ): Promise<{ trace: CollectedSpan[]; load: CollectedSpan }> {
    const findLoad = () =>
      collector.spans.find(({ links }) => links.some((link) => link.traceId === traceId));
    await eventually(
      () => collector.ofTrace(traceId, 'POST /events').length > 0 && findLoad() !== undefined,
    );
    return { trace: collector.spans.filter((span) => span.traceId === traceId), load: findLoad()! };
  }

  it('tells of a request, of its append and its commit, as children of the sender’s span', async () => {
    const sent = newTrace('01');
    const headers = { traceparent: sent.traceparent, 'X-Request-Id': 'request-1' };
    const answer = await post({ id: 'event-id-7', ...EVENT }, headers);
    expect(answer.status).toBe(202);

    const { trace } = await collect(sent.id);
    expect(trace).toHaveLength(3);
    const [request, append, commit] = [
      'POST /events',
      'staging_log.append',
      'staging_log.commit',
    ].map((name) => trace.find((span) => span.name === name)!);
    expect(request).toMatchObject({ parentSpanId: sent.span, kind: SERVER, status: 0 });
    expect(request!.service).toBe('balances');
    expect(request!.attributes).toEqual({
      'http.request.method': 'POST',
      'http.route': '/events',
      'url.path': '/events',
      'url.scheme': 'http',
      'http.response.status_code': 202,
      'revenue_etl.request.id': 'request-1',
      'revenue_etl.events.accepted': 1,
      'revenue_etl.events.duplicates': 0,
      'revenue_etl.events.rejected': 0,
    });
    expect(append).toMatchObject({ parentSpanId: request!.spanId, kind: INTERNAL, status: 0 });
    const bytes = Number(append!.attributes['revenue_etl.append.bytes']);
    expect(append!.attributes).toMatchObject({
      'revenue_etl.append.records': 1,
      'revenue_etl.append.appended': 1,
      'revenue_etl.offset.from': 0,
      'revenue_etl.offset.to': bytes,
    });
    expect(commit).toMatchObject({ parentSpanId: append!.spanId, kind: INTERNAL });
    expect(commit!.attributes).toEqual({ 'revenue_etl.commit.bytes': bytes });
    for (const [inner, outer] of [
      [append!, request!],
      [commit!, append!],
    ] as const) {
      expect(inner.startedAt >= outer.startedAt && inner.endedAt <= outer.endedAt).toBe(true);
      expect(inner.endedAt > inner.startedAt).toBe(true);
    }
  });

  it('tells of the load, its reading and its transaction, with a link to the append', async () => {
    const sent = newTrace('01');
    await post([EVENT, { ...EVENT, userId: 'abc-user-2' }, {}], { traceparent: sent.traceparent });
    const { trace, load } = await collect(sent.id);
    const append = trace.find(({ name }) => name === 'staging_log.append')!;
    expect(load).toMatchObject({ name: 'load', parentSpanId: '', kind: INTERNAL, status: 0 });
    expect(load.links).toEqual([{ traceId: sent.id, spanId: append.spanId }]);
    expect(load.attributes).toMatchObject({
      'revenue_etl.offset.from': append.attributes['revenue_etl.offset.from'],
      'revenue_etl.offset.to': append.attributes['revenue_etl.offset.to'],
      'revenue_etl.load.events': 2,
      'revenue_etl.load.users': 2,
      'revenue_etl.load.inserted': 1,
      'revenue_etl.load.updated': 1,
      'revenue_etl.load.dead_letters': 0,
    });
    for (const name of ['load.read', 'load.transaction']) {
      expect(collector.ofTrace(load.traceId, name)).toMatchObject([{ parentSpanId: load.spanId }]);
    }
  });

  it('tells each append of requests at the same time its own range of the log', async () => {
    const sent = Array.from({ length: 20 }, () => newTrace('01'));
    await Promise.all(sent.map(({ traceparent }) => post(EVENT, { traceparent })));
    await eventually(() =>
      sent.every(({ id }) => collector.ofTrace(id, 'POST /events').length > 0),
    );
    const ranges = sent
      .flatMap(({ id }) => collector.ofTrace(id, 'staging_log.append'))
      .map(
        ({ attributes }) =>
          [
            Number(attributes['revenue_etl.offset.from']),
            Number(attributes['revenue_etl.offset.to']),
          ] as const,
      )
      .sort(([a], [b]) => a - b);
    expect(ranges).toHaveLength(sent.length);
    // One behind the other: nobody else sends anything.
    expect(ranges.slice(1).map(([from]) => from)).toEqual(ranges.slice(0, -1).map(([, to]) => to));
  });

  it('tells what became of the events of a stream, and of a request that was refused', async () => {
    const [stream, refused] = [newTrace('01'), newTrace('01')];
    const lines = [{ id: 'event-id-7', ...EVENT }, EVENT, {}].map((line) => JSON.stringify(line));
    await post(lines.join('\n'), {
      traceparent: stream.traceparent,
      'Content-Type': 'application/x-ndjson',
    });
    expect((await post('{', { traceparent: refused.traceparent })).status).toBe(400);

    const { trace } = await collect(stream.id);
    const attributesOf = (name: string) => trace.find((span) => span.name === name)?.attributes;
    expect(attributesOf('POST /events')).toMatchObject({
      'http.response.status_code': 207,
      'revenue_etl.events.accepted': 1,
      'revenue_etl.events.duplicates': 1,
      'revenue_etl.events.rejected': 1,
    });
    expect(attributesOf('staging_log.append')).toMatchObject({
      'revenue_etl.append.records': 2,
      'revenue_etl.append.appended': 1,
    });
    await eventually(() => collector.ofTrace(refused.id, 'POST /events').length > 0);
    const [span] = collector.ofTrace(refused.id, 'POST /events');
    expect(span).toMatchObject({ parentSpanId: refused.span, status: 0 });
    expect(span!.attributes).toMatchObject({
      'http.response.status_code': 400,
      'revenue_etl.problem.code': 'INVALID_JSON',
    });
    expect(collector.spans.filter(({ traceId }) => traceId === refused.id)).toHaveLength(1);
  });

  it('tells nothing of who has no key, of senders who want none, and beyond the share', async () => {
    const [stranger, unwanted, last] = [newTrace('01'), newTrace('00'), newTrace('01')];
    const headers = { traceparent: stranger.traceparent, Authorization: 'Bearer guessed' };
    expect((await post(EVENT, headers)).status).toBe(401);
    expect((await post(EVENT, { traceparent: unwanted.traceparent })).status).toBe(202);
    expect((await post(EVENT, { 'X-Request-Id': 'of-no-trace' })).status).toBe(202);
    await post(EVENT, { traceparent: last.traceparent }); // spans leave in the order they ended in
    await collect(last.id);
    const { spans } = collector;
    expect(spans.filter(({ traceId }) => [stranger.id, unwanted.id].includes(traceId))).toEqual([]);
    const ids = spans.map(({ attributes }) => attributes['revenue_etl.request.id']);
    expect(ids).toContain('request-1');
    expect(ids).not.toContain('of-no-trace');
  });

  it('sends what waits when it stops, where it was told to, and nothing of events, users and keys', async () => {
    const sendAndStop = async (): Promise<CollectedSpan[]> => {
      const sent = newTrace('01');
      await post(EVENT, { traceparent: sent.traceparent });
      expect(await application.stop()).toBe(0);
      return collector.ofTrace(sent.id, 'POST /events');
    };
    let last = await sendAndStop();
    // At a stop spans have two seconds, which a machine may stand still for.
    for (let again = 0; again < 2 && last.length === 0; again += 1) {
      await start();
      last = await sendAndStop();
    }
    expect(last).toHaveLength(1);
    const bodies = collector.requests.map(({ body }) => body).join('\n');
    expect(NEVER_IN_A_TRACE.filter((text) => bodies.includes(text))).toEqual([]);
    expect(new Set(collector.requests.map(({ path }) => path))).toEqual(
      new Set(['/base/v1/traces']),
    );
    for (const { headers } of collector.requests) {
      expect(headers).toMatchObject({ 'x-tenant': 'my team', 'x-more': '1' });
    }
    expect(application.output).not.toContain('Tracing');
  });
});
