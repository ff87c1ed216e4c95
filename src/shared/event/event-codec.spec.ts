import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeEvent, encodeEventPayload } from './event-codec.js';
import type { RevenueEvent } from './event.js';

const GOOD = { userId: 'abc123', name: 'add_revenue', value: 432 } as const;
const ASTRONAUT = '👩‍🚀';
const ROCKET = '🚀'; // one code point, two UTF-16 units

/** Through JSON text, as every event comes. */
const decodeText = (text: string): string => {
  const decoded = decodeEvent(JSON.parse(text));
  return decoded.kind === 'event' ? 'event' : decoded.code;
};
const decodeWith = (members: Record<string, unknown>): string => {
  const decoded = decodeEvent({ ...GOOD, ...members });
  return decoded.kind === 'event' ? 'event' : decoded.code;
};

describe('an event', () => {
  it('is taken as it was sent, with and without an id', () => {
    expect(decodeEvent(GOOD)).toEqual({ kind: 'event', event: GOOD });
    const withId = { id: 'inv-17:3', ...GOOD };
    expect(decodeEvent(withId)).toEqual({ kind: 'event', event: withId });
  });

  it.each([['null'], ['[]'], ['[{"userId":"u","name":"add_revenue","value":1}]']])(
    'is an object, not %s',
    (text) => expect(decodeText(text)).toBe('EVENT_NOT_AN_OBJECT'),
  );
  it.each([['"event"'], ['432'], ['true']])('is an object, not %s', (text) => {
    expect(decodeText(text)).toBe('EVENT_NOT_AN_OBJECT');
  });

  it('takes the last one of repeated keys', () => {
    const text = '{"userId":"a","userId":"b","name":"x","name":"add_revenue","value":-1,"value":2}';
    expect(decodeEvent(JSON.parse(text))).toEqual({
      kind: 'event',
      event: { userId: 'b', name: 'add_revenue', value: 2 },
    });
  });
});

describe('an unknown property', () => {
  it.each(['currency', '__proto__', 'constructor', 'hasOwnProperty', 'UserId', 'value ', ''])(
    'is refused by its name: %j',
    (key) => {
      const text = `{${JSON.stringify(key)}:1,"userId":"u","name":"add_revenue","value":1}`;
      expect(decodeEvent(JSON.parse(text))).toMatchObject({
        code: 'PROPERTY_UNKNOWN',
        message: expect.stringContaining(JSON.stringify(key)),
      });
    },
  );

  it('does not smuggle members in as a prototype', () => {
    const text = '{"__proto__":{"userId":"u","name":"add_revenue","value":1}}';
    expect(decodeText(text)).toBe('PROPERTY_UNKNOWN');
  });

  it('is told that the server sets the time when it is a timestamp', () => {
    expect(decodeEvent({ ...GOOD, timestamp: 1 })).toMatchObject({
      code: 'PROPERTY_UNKNOWN',
      message: expect.stringContaining('the server sets the time'),
    });
  });

  it('of a megabyte does not make a message of a megabyte', () => {
    const decoded = decodeEvent({ ...GOOD, ['k'.repeat(1_000_000)]: 1 });
    expect(decoded.kind === 'refused' && decoded.message.length).toBeLessThan(200);
  });
});

describe('a user id', () => {
  it.each([
    ['__proto__'],
    ['hasOwnProperty'],
    ['toString'],
    ["o'brien"],
    ['..'],
    ['.'],
    [' '],
    ['a\nb'],
    ['\u0001'],
    ['\ufeff'],
    ['\ufffd'],
    ['Ünïcödé'],
    [ASTRONAUT],
    ['x'.repeat(255)],
    [ROCKET.repeat(255)],
  ])('may be %j', (userId) => {
    const text = JSON.stringify({ ...GOOD, userId });
    expect(decodeEvent(JSON.parse(text))).toEqual({ kind: 'event', event: { ...GOOD, userId } });
  });

  it.each([
    ['USER_ID_EMPTY', ''],
    ['USER_ID_TOO_LONG', 'x'.repeat(256)],
    ['USER_ID_TOO_LONG', ROCKET.repeat(256)],
    ['USER_ID_TOO_LONG', `${'x'.repeat(255)}${ROCKET}`],
    ['USER_ID_TOO_LONG', 'x'.repeat(10_000)],
    ['USER_ID_NOT_STORABLE', 'a\0b'],
    ['USER_ID_NOT_STORABLE', '\ud83d'],
    ['USER_ID_NOT_STORABLE', 'a\ude80'],
    ['USER_ID_NOT_STORABLE', '\ude80\ud83d'],
    ['USER_ID_NOT_A_STRING', 17],
    ['USER_ID_NOT_A_STRING', null],
    ['USER_ID_NOT_A_STRING', ['abc123']],
    ['USER_ID_NOT_A_STRING', { toString: 'abc123' }],
    ['USER_ID_MISSING', undefined],
  ])('is refused with %s: %j', (code, userId) => expect(decodeWith({ userId })).toBe(code));

  it('is not normalised: composed and decomposed are two users, and case and spaces matter', () => {
    for (const userId of ['é', 'e\u0301', 'ABC', ' abc ']) {
      expect(decodeEvent({ ...GOOD, userId })).toMatchObject({ event: { userId } });
    }
  });

  it('is judged by its code points, whatever they are', () => {
    const codePoint = fc.string({ unit: 'binary', minLength: 1, maxLength: 1 });
    fc.assert(
      fc.property(codePoint, fc.integer({ min: 1, max: 300 }), (character, count) => {
        const expected = character === '\0' && count <= 255 ? 'USER_ID_NOT_STORABLE' : undefined;
        const code = count > 255 ? 'USER_ID_TOO_LONG' : (expected ?? 'event');
        expect(decodeWith({ userId: character.repeat(count) })).toBe(code);
      }),
    );
  });
});

describe('an id', () => {
  it.each([['a'], ['__proto__'], ['x'.repeat(128)], [ROCKET.repeat(128)]])('may be %j', (id) => {
    expect(decodeEvent({ ...GOOD, id })).toEqual({ kind: 'event', event: { id, ...GOOD } });
  });

  it.each([
    ['ID_EMPTY', ''],
    ['ID_TOO_LONG', 'x'.repeat(129)],
    ['ID_TOO_LONG', ROCKET.repeat(129)],
    ['ID_NOT_STORABLE', 'a\0'],
    ['ID_NOT_STORABLE', '\ud800'],
    ['ID_NOT_A_STRING', null],
    ['ID_NOT_A_STRING', 17],
    ['ID_NOT_A_STRING', false],
  ])('is refused with %s: %j', (code, id) => expect(decodeWith({ id })).toBe(code));
});

describe('a name', () => {
  it.each([['add_revenue'], ['subtract_revenue']])('may be %s', (name) => {
    expect(decodeWith({ name })).toBe('event');
  });
  it.each([
    ['NAME_UNKNOWN', 'ADD_REVENUE'],
    ['NAME_UNKNOWN', 'add_revenue '],
    ['NAME_UNKNOWN', 'toString'],
    ['NAME_UNKNOWN', ''],
    ['NAME_UNKNOWN', null],
    ['NAME_UNKNOWN', ['add_revenue']],
    ['NAME_MISSING', undefined],
  ])('is refused with %s: %j', (code, name) => expect(decodeWith({ name })).toBe(code));
});

describe('the payload', () => {
  const anyEvent: fc.Arbitrary<RevenueEvent> = fc.record({
    userId: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 20 }),
    name: fc.constantFrom('add_revenue', 'subtract_revenue'),
    value: fc.integer({ min: 0, max: 999_999_999 }).map((millionths) => millionths / 1e6),
  });

  it('is one line of JSON that says what the event says, and nothing of its id', () => {
    fc.assert(
      fc.property(anyEvent, (event) => {
        const payload = encodeEventPayload({ id: 'some-id', ...event });
        expect(JSON.parse(payload)).toEqual(event);
        expect(payload).not.toContain('\n');
      }),
    );
  });

  it('is the same text however the event was written', () => {
    const texts = [
      '{"userId":"\\u00e9","name":"add_revenue","value":100}',
      '{ "value": 1e2, "name": "add_revenue", "userId": "é", "id": "x" }',
      '{"value":5,"value":100.000,"userId":"é","name":"\\u0061dd_revenue"}',
    ];
    const payloads = texts.map((text) => {
      const decoded = decodeEvent(JSON.parse(text));
      return decoded.kind === 'event' ? encodeEventPayload(decoded.event) : decoded.code;
    });
    expect(new Set(payloads)).toEqual(new Set(['{"userId":"é","name":"add_revenue","value":100}']));
  });
});

describe('the codec', () => {
  it('never throws, whatever JSON holds', () => {
    const keys = fc.constantFrom('id', 'userId', 'name', 'value', '__proto__', 'other');
    const objects = fc.dictionary(keys, fc.jsonValue());
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), objects), (input) => {
        expect(['event', 'refused']).toContain(decodeEvent(input).kind);
      }),
    );
  });
});
