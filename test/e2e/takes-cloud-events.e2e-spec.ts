import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  CloudEvent,
  emitterFor,
  HTTP,
  Mode,
  type CloudEventV1,
  type Message,
  type TransportFunction,
} from 'cloudevents';
import { eventually } from '../support/eventually.js';
import { RunningApplication } from '../support/running-application.js';
import { sendRequest, type Answer } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

let database: TestDatabase;
let application: RunningApplication;
beforeAll(async () => {
  database = await createTestDatabase();
  application = await RunningApplication.start({ databaseUrl: database.url });
});
afterAll(() => database.drop());

const DATA = { userId: 'cloud', name: 'add_revenue', value: 12.5 };
const ACCEPTED = { accepted: 1, duplicates: 0, rejected: [] };
const DUPLICATE = { accepted: 0, duplicates: 1, rejected: [] };
const STRUCTURED = 'application/cloudevents+json';
const BATCHED = 'application/cloudevents-batch+json';

const cloudEvent = (members: Partial<CloudEventV1<unknown>> = {}): CloudEvent<unknown> =>
  new CloudEvent<unknown>({ source: '/billing', type: 'revenue', data: DATA, ...members });

const post = (headers: Record<string, string>, body: unknown): Promise<Answer> =>
  sendRequest(application.serverUrl, '/events', { method: 'POST', headers, body });

/** What the SDK makes of an event, sent as it is. */
const transport: TransportFunction = ({ headers, body }: Message) =>
  post(headers as Record<string, string>, body);

const emitting = (mode: Mode): ((event: CloudEvent<unknown>) => Promise<Answer>) => {
  const emit = emitterFor(transport, { binding: HTTP, mode });
  return async (event) => (await emit(event)) as Answer;
};

/** The SDK reads batches, but has no emitter for them: it makes the items. */
const emitBatch = (events: readonly CloudEvent<unknown>[]): Promise<Answer> =>
  post({ 'content-type': BATCHED }, `[${events.map((event) => event.toString()).join()}]`);

const MODES = [
  ['binary', emitting(Mode.BINARY)],
  ['structured', emitting(Mode.STRUCTURED)],
  ['batched', (event: CloudEvent<unknown>) => emitBatch([event])],
] as const;

describe.each(MODES)('a CloudEvent that the official SDK sends in %s mode', (mode, emit) => {
  it('is stored as its event, under the key of source and id', async () => {
    const before = (await storedRecords(application)).length;
    const answer = await emit(cloudEvent({ id: `stored-${mode}`, subject: 'a customer', x: 7 }));
    expect([answer.status, answer.json]).toEqual([202, ACCEPTED]);
    const stored = (await storedRecords(application)).slice(before);
    const id = expect.stringMatching(/^ce:[\w-]{43}$/);
    expect(stored).toEqual([{ timestamp: expect.any(Number), id, ...DATA }]);
  });

  it('is a duplicate when it comes again, in this mode and in the others', async () => {
    const event = cloudEvent({ id: `again-${mode}` });
    expect((await emit(event)).json).toEqual(ACCEPTED);
    for (const [, emitAgain] of MODES) {
      const answer = await emitAgain(event);
      expect([answer.status, answer.json]).toEqual([202, DUPLICATE]);
    }
  });

  it('is refused when its key comes again with other data', async () => {
    const id = `reused-${mode}`;
    await emit(cloudEvent({ id }));
    const answer = await emit(cloudEvent({ id, data: { ...DATA, value: 13 } }));
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ rejected: [{ index: 0, code: 'ID_REUSED' }] });
  });

  it('is another one when only its source differs', async () => {
    const id = `source-${mode}`;
    expect((await emit(cloudEvent({ id, source: '/a' }))).json).toEqual(ACCEPTED);
    expect((await emit(cloudEvent({ id, source: '/b' }))).json).toEqual(ACCEPTED);
  });

  it('is refused when its data has an id, breaks a rule of events, or is an array', async () => {
    for (const [code, data] of [
      ['CLOUDEVENT_DATA_ID', { ...DATA, id: 'mine' }],
      ['VALUE_NEGATIVE', { ...DATA, value: -1 }],
      ['PROPERTY_UNKNOWN', { ...DATA, currency: 'EUR' }],
      ['EVENT_NOT_AN_OBJECT', [DATA]],
    ] as const) {
      const answer = await emit(cloudEvent({ id: `data-${mode}`, data }));
      expect(answer.status).toBe(400);
      expect(answer.json).toMatchObject({ accepted: 0, rejected: [{ index: 0, code }] });
    }
    expect((await emit(cloudEvent({ id: `data-${mode}` }))).json).toEqual(ACCEPTED);
  });

  it('is refused when its key is too long, by name', async () => {
    const answer = await emit(cloudEvent({ id: 'x'.repeat(1_025) }));
    expect(answer.status).toBe(400);
    const text = JSON.stringify(answer.json);
    expect(text).toContain('CLOUDEVENT_INVALID');
    expect(text).toContain('id must have at most 1024 characters');
  });
});

describe('a CloudEvent in binary mode', () => {
  const HEADERS = {
    'content-type': 'application/json; charset=utf-8',
    'ce-specversion': '1.0',
    'ce-source': '/billing',
    'ce-type': 'revenue',
  };

  it.each([
    ['specversion must be "1.0"', { 'ce-id': 'bad', 'ce-specversion': '0.3' }],
    ['id is missing', {}],
    ['source must be a URI reference', { 'ce-id': 'bad', 'ce-source': 'a b' }],
    ['time must be', { 'ce-id': 'bad', 'ce-time': 'yesterday' }],
    ['header ce-subject must be', { 'ce-id': 'bad', 'ce-subject': '%C0%A0' }],
    ['"my-extension" is no name', { 'ce-id': 'bad', 'ce-my-extension': 'x' }],
  ])('is refused as a request, naming what is wrong: %s', async (detail, headers) => {
    const answer = await post({ ...HEADERS, ...headers }, DATA);
    expect(answer.status).toBe(400);
    expect(answer.headers['content-type']).toContain('application/problem+json');
    expect(answer.json).toMatchObject({ code: 'CLOUDEVENT_INVALID', accepted: 0 });
    expect(answer.json.detail).toContain(detail);
  });

  it('has the key of its text, however the header is encoded', async () => {
    const event = cloudEvent({ id: 'Euro € 😀 100%' });
    expect((await emitting(Mode.STRUCTURED)(event)).json).toEqual(ACCEPTED);
    const id = 'Euro%20%E2%82%ac %F0%9F%98%80%20100%25';
    expect((await post({ ...HEADERS, 'CE-ID': id }, DATA)).json).toEqual(DUPLICATE);
  });

  it('is refused when its id comes twice', async () => {
    const answer = await sendRequest(application.serverUrl, '/events', {
      method: 'POST',
      headers: { ...HEADERS, 'ce-id': ['twice', 'twice'] },
      body: DATA,
    });
    expect(answer.status).toBe(400);
    expect(answer.json.code).toBe('CLOUDEVENT_INVALID');
  });

  it('is told by any of its required attributes: an event whose key was lost would count twice', async () => {
    const answer = await post({ 'content-type': 'application/json', 'ce-id': 'lost' }, DATA);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'CLOUDEVENT_INVALID', accepted: 0 });
    expect(answer.json.detail).toContain('specversion is missing');
  });

  it('may be packed', async () => {
    const headers = { ...HEADERS, 'ce-id': 'packed-binary', 'content-encoding': 'gzip' };
    const answer = await post(headers, gzipSync(JSON.stringify(DATA)));
    expect([answer.status, answer.json]).toEqual([202, ACCEPTED]);
  });
});

describe('a CloudEvent in structured mode', () => {
  it.each([
    ['specversion must be "1.0"', { specversion: '0.3' }],
    ['source is missing', { source: undefined }],
    ['type must be a string', { type: 7 }],
    ['data is missing', { data: undefined }],
    ['has data and data_base64', { data_base64: 'e30=' }],
    ['datacontenttype must be a JSON type', { datacontenttype: 'text/xml' }],
    ['"myExtension" is no name', { myExtension: 'x' }],
  ])('is refused, naming what is wrong: %s', async (message, members) => {
    const body = JSON.stringify({ ...cloudEvent({ id: 'bad' }).toJSON(), ...members });
    const answer = await post({ 'content-type': STRUCTURED }, body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'CLOUDEVENT_INVALID', accepted: 0 });
    expect(answer.json.detail).toContain(message);
  });

  it('is one, and no array of them', async () => {
    const body = `[${cloudEvent({ id: 'alone' }).toString()}]`;
    const answer = await post({ 'content-type': STRUCTURED }, body);
    expect(answer.status).toBe(400);
    expect(answer.json).toMatchObject({ code: 'CLOUDEVENT_INVALID', accepted: 0 });
  });

  it('may hold its data as base64, as the SDK does with bytes, and may be packed', async () => {
    const event = cloudEvent({ id: 'packed', data: Buffer.from(JSON.stringify(DATA)) });
    const { headers, body } = HTTP.structured(event);
    expect(JSON.parse(String(body))).not.toHaveProperty('data');
    const packed = { ...(headers as Record<string, string>), 'content-encoding': 'gzip' };
    const answer = await post(packed, gzipSync(String(body)));
    expect([answer.status, answer.json]).toEqual([202, ACCEPTED]);
    const plain = cloudEvent({ id: 'packed' });
    expect((await emitting(Mode.STRUCTURED)(plain)).json).toEqual(DUPLICATE);
  });
});

describe('a batch of CloudEvents', () => {
  it('is judged item by item', async () => {
    const good = [cloudEvent({ id: 'batch-1' }), cloudEvent({ id: 'batch-2' })];
    const bad = cloudEvent({ id: 'batch-3', data: { ...DATA, id: 'mine' } });
    const items = [good[0], { specversion: '1.0' }, 7, good[1], bad, good[0]];
    const answer = await post({ 'content-type': BATCHED }, JSON.stringify(items));
    expect(answer.status).toBe(207);
    expect(answer.json).toMatchObject({
      accepted: 2,
      duplicates: 1,
      rejected: [
        { index: 1, code: 'CLOUDEVENT_INVALID', message: expect.stringContaining('id is missing') },
        { index: 2, code: 'CLOUDEVENT_INVALID' },
        { index: 4, code: 'CLOUDEVENT_DATA_ID' },
      ],
    });
  });

  it('may be empty, and packed', async () => {
    const headers = { 'content-type': BATCHED, 'content-encoding': 'gzip' };
    expect((await post(headers, gzipSync('[]'))).json).toEqual({ ...ACCEPTED, accepted: 0 });
    const events = Array.from({ length: 2_000 }, (_, i) => cloudEvent({ id: `packed-${i}` }));
    const answer = await post(headers, gzipSync(JSON.stringify(events)));
    expect([answer.status, answer.json]).toEqual([202, { ...ACCEPTED, accepted: 2_000 }]);
  });

  it('is an array', async () => {
    const event = cloudEvent({ id: 'no-array' });
    const answer = await post({ 'content-type': BATCHED }, event.toString());
    expect(answer.status).toBe(400);
    expect((await emitting(Mode.STRUCTURED)(event)).json).toEqual(ACCEPTED);
  });
});

it('counts each CloudEvent once in the balance', async () => {
  const records = await storedRecords(application);
  const sum = records.reduce((total, { value }) => total + Number(value), 0);
  expect(new Set(records.map(({ id }) => id)).size).toBe(records.length);
  await eventually(async () => {
    const { json } = await sendRequest(application.serverUrl, '/users/cloud/revenue');
    return json.revenue === String(sum);
  });
});
