import { describe, expect, it } from '@jest/globals';
import { CloudEvent } from 'cloudevents';
import fc from 'fast-check';
import { cloudEventKey } from './cloud-event-key.js';
import { decodeStructured } from './decode-cloud-event.js';

const DATA = { userId: 'abc123', name: 'add_revenue', value: 432 };
const REQUIRED = { specversion: '1.0', id: 'inv-17:3', source: '/billing', type: 'revenue' };

const cloudEvent = (members: object = {}): unknown => ({ ...REQUIRED, data: DATA, ...members });
/** Through JSON text, as every CloudEvent comes. */
const decode = (input: unknown): ReturnType<typeof decodeStructured> =>
  decodeStructured(JSON.parse(JSON.stringify(input)));
const verdict = (input: unknown): string => {
  const decoded = decode(input);
  return decoded.kind === 'event' ? 'event' : `${decoded.code} ${decoded.message}`;
};
const inBase64 = (text: string | Buffer): string => Buffer.from(text).toString('base64');

describe('a CloudEvent in structured mode', () => {
  const taken = { kind: 'event', data: DATA, id: cloudEventKey('/billing', 'inv-17:3') };

  it('gives its data, and a key of source and id', () => {
    expect(decode(cloudEvent())).toEqual(taken);
  });

  it('is what the official SDK makes of it', () => {
    const made = new CloudEvent({ ...REQUIRED, data: DATA, subject: 'abc', traceparent: '00-1' });
    expect(decodeStructured(JSON.parse(made.toString()))).toEqual(taken);
    const packed = new CloudEvent({ ...REQUIRED, data: Buffer.from(JSON.stringify(DATA)) });
    expect(packed.data_base64).toBeDefined();
    expect(decodeStructured(JSON.parse(packed.toString()))).toEqual(taken);
  });

  it.each([
    ['all attributes', { subject: 's', dataschema: 'https://x/y', time: '2026-11-23T02:31:17Z' }],
    ['null for what is not set', { subject: null, time: null, myextension: null }],
    ['extensions', { a: 'text', b2: -7, c: true, d: 2_147_483_647, e: '' }],
    ['a source with other letters', { source: 'urn:münchen/%20?q#f' }],
    ['a source of 1,024 characters beyond ASCII', { source: '🧾'.repeat(1_024) }],
    ['data that is no event, which the codec judges', { data: null }],
  ])('may have %s', (_, members) => expect(verdict(cloudEvent(members))).toBe('event'));

  it.each([
    'application/json',
    'APPLICATION/JSON; charset=UTF-8',
    'text/json',
    'application/vnd.acme.revenue+json;charset="utf-8"',
  ])('may have the datacontenttype %s', (datacontenttype) => {
    expect(verdict(cloudEvent({ datacontenttype }))).toBe('event');
  });

  it.each([
    '2026-11-23T02:31:17Z',
    '2026-11-23t02:31:17.123456789z',
    '2024-02-29T23:59:60-23:59',
    '0000-02-29T00:00:00+00:00',
  ])('may have the time %s', (time) => expect(verdict(cloudEvent({ time }))).toBe('event'));
});

describe('a CloudEvent is refused, and the attribute is named', () => {
  it.each(['id', 'source', 'type', 'specversion'])('without %s, or null, or empty', (name) => {
    for (const value of [undefined, null]) {
      expect(verdict(cloudEvent({ [name]: value }))).toMatch(
        `CLOUDEVENT_INVALID CloudEvent: ${name} is missing`,
      );
    }
    expect(verdict(cloudEvent({ [name]: '' }))).toMatch(`: ${name} must not be empty`);
    expect(verdict(cloudEvent({ [name]: 1 }))).toMatch(`: ${name} must be a string`);
  });

  it.each([
    ['specversion', ['0.3', '1.0.2', '2.0', '1', ' 1.0']],
    ['id', ['a\u0000', 'a\n', '\u0085', '\ud83d', '\uffff', 'x'.repeat(1_025)]],
    ['source', ['a b', ' a', 'a\u00a0b', 'a\tb', '\udc00', 'x'.repeat(1_025)]],
    ['type', ['a\u007f']],
    ['subject', ['', 7, 'a\u0000']],
    ['dataschema', ['', 'a b', {}]],
    ['datacontenttype', ['', 'text/xml', 'json', 'application/jsonl', 'application/json+xml']],
    ['datacontenttype', ['application/json; charset=latin1', 'application/json; charset=']],
    ['time', ['', 'yesterday', '2026-11-23', '2026-11-23T02:31:17', '2026-11-23 02:31:17Z']],
    ['time', ['2026-02-29T00:00:00Z', '2026-13-01T00:00:00Z', '2026-00-01T00:00:00Z']],
    ['time', ['2026-01-32T00:00:00Z', '2026-01-01T24:00:00Z', '2026-01-01T00:00:00+24:00']],
    ['time', [1_763_800_000_000, '2026-01-01T00:00:00Z\n', '12026-01-01T00:00:00Z']],
    ['extension', [{}, [], 1.5, 2_147_483_648, -2_147_483_649, 'a\u0007']],
  ])('with a bad %s: %j', (name, values) => {
    for (const value of values) {
      expect(verdict(cloudEvent({ [name]: value }))).toMatch(
        `CLOUDEVENT_INVALID CloudEvent: ${name} `,
      );
    }
  });

  it.each(['myExtension', 'my_extension', 'my-extension', '', 'é', '__proto__', 'constructor-'])(
    'with an attribute called %j',
    (name) => {
      const text = `{${JSON.stringify(name)}:"x",${JSON.stringify(cloudEvent()).slice(1)}`;
      const decoded = decodeStructured(JSON.parse(text));
      expect(decoded).toMatchObject({ kind: 'refused', code: 'CLOUDEVENT_INVALID' });
      expect(decoded).toHaveProperty('message', expect.stringContaining(JSON.stringify(name)));
    },
  );

  it('with a short name of a very long attribute', () => {
    expect(verdict(cloudEvent({ ['X'.repeat(9_999)]: 1 })).length).toBeLessThan(200);
  });

  it.each([[null], [[]], [[cloudEvent()]], ['text'], [7], [true]])('when it is %j', (input) => {
    expect(verdict(input)).toMatch('CLOUDEVENT_INVALID CloudEvent: must be a JSON object');
  });
});

describe('the data of a CloudEvent', () => {
  it('must be there', () => {
    expect(verdict(REQUIRED)).toMatch('CLOUDEVENT_INVALID CloudEvent: data is missing');
    expect(verdict({ ...REQUIRED, data_base64: null })).toMatch(': data is missing');
  });

  it('has no id of its own, whatever it is', () => {
    for (const id of ['inv-17:3', '', null, 7]) {
      expect(verdict(cloudEvent({ data: { ...DATA, id } }))).toMatch('CLOUDEVENT_DATA_ID');
    }
    const base64 = inBase64(JSON.stringify({ ...DATA, id: 'x' }));
    expect(verdict({ ...REQUIRED, data_base64: base64 })).toMatch('CLOUDEVENT_DATA_ID');
  });

  it('is never parsed twice', () => {
    const data = JSON.stringify(DATA);
    expect(decode(cloudEvent({ data }))).toMatchObject({ kind: 'event', data });
  });

  it('may be base64 of JSON, which gives the same', () => {
    const json = fc.jsonValue().filter((value) => !Object.is(value, -0));
    fc.assert(
      fc.property(json, (data) => {
        const data_base64 = inBase64(JSON.stringify(data));
        expect(decode({ ...REQUIRED, data_base64 })).toEqual(decode({ ...REQUIRED, data }));
      }),
    );
  });

  it.each([
    ['not base64 at all', '#'],
    ['without its padding', inBase64('{"a":1 }').replaceAll('=', '')],
    ['with a line end', `${inBase64('{}')}\n`],
    ['of the alphabet for URLs', Buffer.from('"??>>"').toString('base64url')],
    ['with bits left over', 'e31='],
    ['no text', 7],
  ])('is refused when data_base64 is %s', (_, data_base64) => {
    expect(verdict({ ...REQUIRED, data_base64 })).toMatch(
      'CLOUDEVENT_INVALID CloudEvent: data_base64',
    );
  });

  it('is refused when it comes both ways', () => {
    const both = cloudEvent({ data_base64: inBase64(JSON.stringify(DATA)) });
    expect(verdict(both)).toMatch('CLOUDEVENT_INVALID CloudEvent: has data and data_base64');
  });

  it.each([
    ['INVALID_JSON', '{"userId":'],
    ['INVALID_JSON', ''],
    ['INVALID_UTF8', Buffer.from([0x22, 0xff, 0x22])],
  ])('is refused with %s when the bytes behind data_base64 are so', (code, bytes) => {
    expect(verdict({ ...REQUIRED, data_base64: inBase64(bytes) })).toMatch(`${code} data_base64: `);
  });
});

it('decodes any JSON to an event or a refusal, and never throws', () => {
  const names = [...Object.keys(REQUIRED), 'data', 'data_base64', 'time', 'subject', '__proto__'];
  const anything = fc.oneof(
    fc.jsonValue(),
    fc.dictionary(fc.oneof(fc.constantFrom(...names), fc.string()), fc.jsonValue()),
  );
  fc.assert(
    fc.property(anything, (input) => {
      expect(['event', 'refused']).toContain(decodeStructured(input).kind);
    }),
  );
});
