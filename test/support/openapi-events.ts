import { gzipSync } from 'node:zlib';
import type { EventErrorCode } from '../../src/shared/event/event-error-codes.js';
import type { DocumentedAnswers } from './documented-answers.js';
import type { RunningApplication } from './running-application.js';
import type { Answer } from './send-request.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };
const JSON_TYPE = { 'content-type': 'application/json' };
const LINES = { 'content-type': 'application/x-ndjson' };
const CLOUD_EVENT = { specversion: '1.0', type: 'revenue', source: '/shop', id: '1', data: EVENT };

interface Sent {
  readonly headers?: Record<string, string>;
  readonly body: unknown;
}

const event = (more: object): Sent => ({ body: { ...EVENT, ...more } });
const lacking = (property: string): Sent => ({
  body: Object.fromEntries(Object.entries(EVENT).filter(([name]) => name !== property)),
});
const bytes = (body: string | Buffer, headers = JSON_TYPE): Sent => ({ headers, body });

/** For each reason to refuse an event, one that has it. */
const REFUSED: Readonly<Record<EventErrorCode, Sent>> = {
  EVENT_NOT_AN_OBJECT: { body: null },
  PROPERTY_UNKNOWN: event({ currency: 'EUR' }),
  USER_ID_MISSING: lacking('userId'),
  USER_ID_NOT_A_STRING: event({ userId: 1 }),
  USER_ID_EMPTY: event({ userId: '' }),
  USER_ID_TOO_LONG: event({ userId: 'x'.repeat(256) }),
  USER_ID_NOT_STORABLE: event({ userId: '\0' }),
  NAME_MISSING: lacking('name'),
  NAME_UNKNOWN: event({ name: 'refund' }),
  VALUE_MISSING: lacking('value'),
  VALUE_NOT_A_NUMBER: event({ value: '432' }),
  VALUE_NEGATIVE: event({ value: -1 }),
  VALUE_TOO_LARGE: event({ value: 1e15 }),
  VALUE_TOO_PRECISE: event({ value: 0.1234567 }),
  ID_NOT_A_STRING: event({ id: 1 }),
  ID_EMPTY: event({ id: '' }),
  ID_TOO_LONG: event({ id: 'x'.repeat(129) }),
  ID_NOT_STORABLE: event({ id: '\0' }),
  ID_REUSED: event({ id: 'once', value: 2 }),
  ID_RESERVED: event({ id: 'dead-letter:x' }),
  INVALID_JSON: bytes('{'),
  INVALID_UTF8: bytes(Buffer.from('{"userId":"\xff"}', 'latin1')),
  LINE_TOO_LONG: bytes('x'.repeat(70_000), LINES),
  CLOUDEVENT_INVALID: bytes('{}', { 'content-type': 'application/cloudevents+json' }),
  CLOUDEVENT_DATA_ID: bytes(JSON.stringify({ ...CLOUD_EVENT, data: { ...EVENT, id: 'a' } }), {
    'content-type': 'application/cloudevents+json',
  }),
};

type Post = (sent: Sent) => Promise<Answer>;

const poster =
  (answers: DocumentedAnswers, { serverUrl }: RunningApplication): Post =>
  ({ body, headers = {} }) =>
    answers.ask(serverUrl, '/events', { method: 'POST', headers, body });

/** Every form of body, and what is wrong with events. */
export async function sendEvents(
  answers: DocumentedAnswers,
  application: RunningApplication,
): Promise<void> {
  const post = poster(answers, application);
  const lines = `${JSON.stringify(EVENT)}\n{}\n`;
  const cloudEvent = JSON.stringify(CLOUD_EVENT);
  const taken: Sent[] = [
    event({ id: 'once' }),
    { body: [] },
    { body: [EVENT, {}] },
    bytes(lines, LINES),
    bytes(gzipSync(lines), { ...LINES, 'content-encoding': 'gzip' } as typeof LINES),
    bytes(cloudEvent, { 'content-type': 'application/cloudevents+json' }),
    bytes(`[${cloudEvent}]`, { 'content-type': 'application/cloudevents-batch+json' }),
    {
      headers: {
        ...JSON_TYPE,
        'ce-specversion': '1.0',
        'ce-type': 'r',
        'ce-source': '/',
        'ce-id': '2',
      },
      body: EVENT,
    },
  ];
  for (const sent of taken) {
    const { status, text } = await post(sent);
    if (status !== 202 && status !== 207) throw new Error(`${status} ${text}`);
  }
  for (const [code, sent] of Object.entries(REFUSED)) {
    const { status, json } = await post(sent);
    if (status !== 400 || json.code !== code) throw new Error(`${code}: ${JSON.stringify(json)}`);
  }
  await post({ body: [{}, {}] });
  const blank = Buffer.alloc(40 * 1024 * 1024, '\n');
  const packed = { ...LINES, 'content-encoding': 'gzip' } as typeof LINES;
  const { json } = await post(bytes(gzipSync(blank), packed));
  if (json.code !== 'BODY_RATIO_TOO_HIGH') throw new Error(JSON.stringify(json));
}

/** Bodies that are not taken. The application has bounds that are easily passed. */
export async function sendBodies(
  answers: DocumentedAnswers,
  application: RunningApplication,
): Promise<void> {
  const post = poster(answers, application);
  const packed = { ...JSON_TYPE, 'content-encoding': 'gzip' } as typeof JSON_TYPE;
  await post(bytes('x', { 'content-type': 'text/plain' }));
  await post(bytes('x', { ...JSON_TYPE, 'content-encoding': 'compress' } as typeof JSON_TYPE));
  await post(bytes('no gzip', packed));
  await post(bytes(' '.repeat(3_000_000)));
  await post(bytes(' '.repeat(1_500_000)));
  await post({ body: Array(ITEMS_MAX + 1).fill(EVENT) });
  await post({ body: Array(ITEMS_MAX).fill(EVENT) }); // a debt of 99 s
  await post({ body: EVENT });
}

const ITEMS_MAX = 100;

export const BODY_BOUNDS = {
  JSON_BODY_BYTES_MAX: '2000000',
  BODIES_BYTES_MAX: String(1024 * 1024),
  ARRAY_ITEMS_MAX: String(ITEMS_MAX),
  KEY_EVENTS_PER_SECOND_MAX: '1',
  BODY_IDLE_SECONDS_MAX: '2',
  HEADERS_SECONDS_MAX: '5', // more than bodies have: a head may wait to be read
};
