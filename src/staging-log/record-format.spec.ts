import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { assertRecord, formatRecord, RECORD_BYTES_MAX, splitRecord } from './record-format.js';

const awkward = fc.constantFrom(
  ...['"', '\\', '{', '}', ':', ',', '\r', '\n', '\0', '\u2028', 'é', '😀'],
);
const text = fc.oneof(fc.string({ unit: 'grapheme' }), fc.string({ unit: awkward }));
const timestamp = fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER });
const key = fc.oneof(fc.constantFrom('id', 'timestamp', 'n', '__proto__', 'a"b'), text);
const payload = fc
  .array(fc.tuple(key, fc.jsonValue()), { minLength: 1, maxLength: 5 })
  .map((members) => members.map(([k, v]) => `${JSON.stringify(k)}:${JSON.stringify(v)}`).join())
  .map((members) => `{${members}}`);

/** What the log takes: it adds these two members itself, in front. */
const taken = payload.filter((p) => !/^\{"(id|timestamp)":/.test(p));

describe('a record', () => {
  it('is split into what it was made of', () => {
    fc.assert(
      fc.property(timestamp, fc.option(text), taken, (time, id, body) => {
        const record = id === null ? { payload: body } : { id, payload: body };
        assertRecord(record);
        const line = formatRecord(time, record);
        expect(line.indexOf('\n')).toBe(line.length - 1);
        const split = splitRecord(line.slice(0, -1));
        expect(split).toEqual({ timestamp: time, id, payload: body });
        expect(splitRecord(Buffer.from(line).toString().slice(0, -1))).toEqual(split);
      }),
      { numRuns: 2_000 },
    );
  });

  it('is JSON with the time and the id in front', () => {
    const line = formatRecord(1_763_800_000_000, { id: 'a"\\\n', payload: '{"userId":"u"}' });
    expect(line).toBe('{"timestamp":1763800000000,"id":"a\\"\\\\\\n","userId":"u"}\n');
  });

  it('keeps members of the payload that are called like those of the log', () => {
    const body = '{"n":1,"id":"inner","timestamp":5}';
    const line = formatRecord(7, { id: 'outer', payload: body }).slice(0, -1);
    expect(splitRecord(line)).toEqual({ timestamp: 7, id: 'outer', payload: body });
  });
});

describe('a line that the log did not make', () => {
  it.each([
    ...['', '{}', 'null', '[]', '{"n":1}', ' {"timestamp":1,"n":1}', '\ufeff{"timestamp":1,"n":1}'],
    ...['{"timestamp":1}', '{"timestamp":"1","n":1}', '{"timestamp":-1,"n":1}', '{"timestamp":,'],
    ...[
      '{"timestamp":1.5,"n":1}',
      '{"timestamp": 1,"n":1}',
      '{"timestamp":12345678901234567,"n":1}',
    ],
    ...['{"timestamp":1,"id":"\\x","n":1}', '{"timestamp":1,"id":"\t","n":1}', '\0'],
    '{"timestamp":1,"id":"\\u12","n":1}',
  ])('is none: %j', (line) => {
    expect(splitRecord(line)).toBeNull();
  });

  it('is split or not, but never throws, however long', () => {
    fc.assert(fc.property(fc.string({ unit: 'binary' }), (rest) => void splitRecord(rest)));
    for (const unit of ['a', '\\"', '\\\\', 'é', '"', '\\']) {
      const id = unit.repeat(RECORD_BYTES_MAX / unit.length);
      splitRecord(`{"timestamp":1,"id":"${id}","n":1}`);
      splitRecord(`{"timestamp":1,"id":"${id}`);
    }
  });
});

describe('what the log does not take', () => {
  it.each([
    ...['', '{}', '{ "n":1}', '[]', 'null', '{n:1}', ' {"n":1}', '{"n":\n1}', '{"n":1}\n'],
    ...['{"id":"a","n":1}', '{"id":1}', '{"timestamp":1,"n":1}', '{"n":"\ud800"}'],
  ])('is the payload %j', (body) => {
    expect(() => assertRecord({ payload: body })).toThrow(TypeError);
  });

  it('is a record longer than any reader takes for one, to the byte', () => {
    for (const [id, unit] of [
      ['a', 'x'],
      ['\0'.repeat(1_000), 'é'],
      ['"', '😀'],
    ] as const) {
      const around = Buffer.byteLength(
        formatRecord(Number.MAX_SAFE_INTEGER, { id, payload: '{"n":""}' }),
      );
      const room = RECORD_BYTES_MAX - around;
      const fill = unit.repeat(Math.floor(room / Buffer.byteLength(unit)));
      const pad = '.'.repeat(room - Buffer.byteLength(fill));
      assertRecord({ id, payload: `{"n":"${fill}${pad}"}` });
      expect(() => assertRecord({ id, payload: `{"n":"${fill}${pad}."}` })).toThrow(TypeError);
    }
  });
});
