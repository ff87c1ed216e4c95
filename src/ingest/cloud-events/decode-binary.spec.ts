import { describe, expect, it } from '@jest/globals';
import { CloudEvent, HTTP } from 'cloudevents';
import fc from 'fast-check';
import { cloudEventKey } from './cloud-event-key.js';
import {
  decodeBinary,
  decodeStructured,
  isBinaryMode,
  refuseDataId,
} from './decode-cloud-event.js';

const HEADERS = {
  'content-type': 'application/json',
  'ce-specversion': '1.0',
  'ce-id': 'inv-17:3',
  'ce-source': '/billing',
  'ce-type': 'revenue',
};
const KEY = cloudEventKey('/billing', 'inv-17:3');

const decode = (headers: NodeJS.Dict<string | string[]>): ReturnType<typeof decodeBinary> =>
  decodeBinary({ ...HEADERS, ...headers });
const problem = (headers: NodeJS.Dict<string | string[]>): string => {
  const decoded = decode(headers);
  return decoded.kind === 'refused' ? `${decoded.code} ${decoded.message}` : 'attributes';
};

/** As the HTTP binding writes a text: each code point that is not printable ASCII, and space, " and %. */
const encode = (text: string): string =>
  Array.from(text)
    .map((point) => (/[^\x21-\x7e]|["%]/.test(point) ? encodeURIComponent(point) : point))
    .join('');

describe('the headers of a CloudEvent in binary mode', () => {
  it('give the same key as its structured mode', () => {
    expect(decode({})).toEqual({ kind: 'attributes', id: KEY });
    const text = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(text, text, (id, path) => {
        const source = `/${path.replaceAll(/\s/g, '')}`;
        const structured = decodeStructured({ specversion: '1.0', type: 't', id, source, data: 0 });
        const binary = decode({ 'ce-id': encode(id), 'ce-source': encode(source) });
        expect(binary).toEqual({ kind: 'attributes', id: cloudEventKey(source, id) });
        expect(structured).toMatchObject({ kind: 'event', id: cloudEventKey(source, id) });
      }),
    );
  });

  it('are those that the official SDK makes', () => {
    const made = new CloudEvent({ id: 'inv-17:3', source: '/billing', type: 't', subject: 'a b' });
    const headers = HTTP.binary(made).headers as Record<string, string>;
    expect(decodeBinary(headers)).toEqual({ kind: 'attributes', id: KEY });
  });

  it.each([
    ['percent-encoding in lower case', 'Euro%20%e2%82%ac%20%f0%9f%98%80', 'Euro € 😀'],
    ['what needed no encoding', '%61%62', 'ab'],
    ['one round of encoding only', '%2561', '%61'],
    ['a space as it is', 'a b', 'a b'],
    ['double quotes around', '"a \\"b\\" \\\\ %25"', 'a "b" \\ %'],
    ['a double quote within', 'a"b', 'a"b'],
  ])('may have %s', (_, header, id) => {
    expect(decode({ 'ce-id': header })).toEqual({
      kind: 'attributes',
      id: cloudEventKey('/billing', id),
    });
  });

  it.each(['%', '%4', '%zz', '%C0%A0', '%ff', '%ED%A0%80', 'é', '€', '"a', '"a"b"', '"a\\"'])(
    'are refused when they cannot be decoded: %s',
    (value) => {
      expect(problem({ 'ce-subject': value })).toMatch(
        'CLOUDEVENT_INVALID CloudEvent: header ce-subject ',
      );
    },
  );

  it.each([
    ['specversion', '0.3'],
    ['specversion', '1.0, 1.0'],
    ['source', 'a%20b'],
    ['id', '%00'],
    ['id', ''],
    ['id', 'x'.repeat(1_025)],
    ['time', 'yesterday'],
    ['subject', ''],
    ['dataschema', 'a b'],
  ])('are refused with a bad ce-%s: %s', (name, value) => {
    expect(problem({ [`ce-${name}`]: value })).toMatch(`CLOUDEVENT_INVALID CloudEvent: ${name} `);
  });

  it.each(['specversion', 'id', 'source', 'type'])('are refused without ce-%s', (name) => {
    expect(problem({ [`ce-${name}`]: undefined })).toMatch(`CloudEvent: ${name} is missing`);
  });

  it('are refused when one of them came several times, and taken as lists of one', () => {
    expect(problem({ 'ce-id': ['1', '1'] })).toMatch('CloudEvent: header ce-id came several times');
    expect(decode({ 'ce-id': ['inv-17:3'] })).toEqual({ kind: 'attributes', id: KEY });
  });

  it('leave the type of the data to Content-Type', () => {
    expect(problem({ 'ce-datacontenttype': 'application/json' })).toMatch(
      'CloudEvent: header ce-datacontenttype has no place here',
    );
  });

  it('name attributes, as those of JSON do', () => {
    expect(problem({ 'ce-my-extension': 'x' })).toMatch('"my-extension" is no name');
    expect(problem({ 'ce-__proto__': 'x' })).toMatch('"__proto__" is no name');
    expect(problem({ 'ce-': 'x' })).toMatch('"" is no name');
    expect(problem({ 'ce-traceparent': '00-1-2-03', cea: 'é', 'x-ce-id': 'é' })).toBe('attributes');
  });
});

describe('binary mode', () => {
  it.each(['ce-specversion', 'ce-id', 'ce-source', 'ce-type'])('is told by %s alone', (name) => {
    expect(isBinaryMode({ 'content-type': 'application/json', [name]: '' })).toBe(true);
  });

  it('is told by nothing else', () => {
    expect(isBinaryMode({ 'content-type': 'application/json', 'ce-foo': 'x', id: '1' })).toBe(
      false,
    );
  });

  it('has no id in its data either', () => {
    expect(refuseDataId({ userId: 'u', id: '1' })).toMatchObject({ code: 'CLOUDEVENT_DATA_ID' });
    for (const data of [
      { userId: 'u' },
      null,
      'id',
      7,
      [{ id: '1' }],
      JSON.parse('{"__proto__":{"id":1}}'),
    ]) {
      expect(refuseDataId(data)).toBeNull();
    }
  });
});
