import { createHash } from 'node:crypto';
import { judgeEvent } from './event-model.mjs';

/** CloudEvents around events, and what each of them is worth. */

/** The key of a CloudEvent: `ce:` and the hash of source and id, each behind its length. */
function keyOf({ source, id }) {
  const hash = createHash('sha256');
  for (const text of [source, id]) {
    const bytes = Buffer.from(text);
    const length = Buffer.alloc(4);
    length.writeUInt32BE(bytes.length);
    hash.update(length).update(bytes);
  }
  return `ce:${hash.digest('base64url')}`;
}

/** Attributes that make a CloudEvent one that breaks a rule; undefined takes an attribute away. */
const BROKEN = [
  ...[undefined, '0.3', '', 1, null].map((specversion) => ({ specversion })),
  ...[undefined, '', 5, null].map((id) => ({ id })),
  ...[undefined, '', 5, 'two words'].map((source) => ({ source })),
  ...[undefined, '', {}].map((type) => ({ type })),
  ...['text/plain', 'application/xml', 7].map((datacontenttype) => ({ datacontenttype })),
  ...['yesterday', 5].map((time) => ({ time })),
  ...[
    { subject: '' },
    { dataschema: '' },
    { Upper: 'x' },
    { 'with-dash': 'x' },
    { ext: {} },
    { ext: [1] },
  ],
];
const SOUND = [
  ...[
    {},
    {},
    {},
    { subject: 'a subject' },
    { time: '2026-01-31T12:00:00Z' },
    { myext: 'x' },
    { myext: 5 },
  ],
  ...[
    { datacontenttype: 'application/json' },
    { dataschema: 'https://example.com/s' },
    { flag: true },
  ],
  ...[{ source: 'https://example.com/a?b=c#d' }, { source: 'urn:x:1' }, { source: '/relative/é' }],
];

/** @returns `cloudEvent`, an object to be written as JSON, and the `outcome` that it deserves */
export function makeCloudEvent(random, { id, event }) {
  const base = { specversion: '1.0', id, source: '/fuzz', type: 'revenue', ...random.pick(SOUND) };
  const outcome = judgeData(base, event);
  if (random.chance(0.2)) {
    const cloudEvent = { ...base, ...random.pick(BROKEN), data: event };
    return { cloudEvent, outcome: { code: 'CLOUDEVENT_INVALID', mayBe: outcome.code } };
  }
  const text = JSON.stringify(event);
  // Of a longer text, deep nesting is found before anything else.
  const encodes = text.length < 10_000 && random.chance(0.1);
  const data = encodes ? { data_base64: Buffer.from(text).toString('base64') } : { data: event };
  return { cloudEvent: { ...base, ...data }, outcome };
}

/** Of data as JSON: the key of source and id is the event's id, so it has none of its own. */
function judgeData(attributes, event) {
  const isObject = typeof event === 'object' && event !== null;
  if (isObject && Object.hasOwn(event, 'id')) return { code: 'CLOUDEVENT_DATA_ID' };
  const judged = judgeEvent(event);
  return judged.code === undefined ? { ...judged, id: keyOf(attributes) } : judged;
}

/** The attributes as headers of binary mode, and the `outcome` of the event behind them. */
export function makeBinary(random, { id, event }) {
  const broken = random.chance(0.2);
  const base = { specversion: '1.0', id, source: '/fuzz/binary', type: 'revenue' };
  const attributes = broken ? { ...base, ...random.pick(BROKEN_HEADERS) } : base;
  const headers = Object.entries(attributes)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${random.pick(['ce-', 'Ce-', 'CE-'])}${name}: ${value}`);
  if (broken) return { headers, outcome: { code: 'CLOUDEVENT_INVALID' } };
  return { headers, outcome: judgeData(base, event) };
}

/** Without `ce-specversion` a request is none of CloudEvents at all, so that is never taken away. */
const BROKEN_HEADERS = [
  ...[{ id: undefined }, { source: undefined }, { type: undefined }, { type: '' }, { id: '%zz' }],
  ...[{ specversion: '2.0' }, { source: 'two words' }],
];
