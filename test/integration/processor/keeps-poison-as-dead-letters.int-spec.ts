import { createHash } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { LoadHarness, recordLine } from './load-harness.js';

const good = recordLine('good', 1);

const withProperty = (json: string): string => `{"timestamp":1763800000000,${json}}\n`;

/** Each line, and the code it is kept under. */
const POISON: readonly (readonly [what: string, line: Buffer | string, code: string])[] = [
  ['JSON that is cut off', '{"timestamp":1763800000000,"userId":"u","na\n', 'INVALID_JSON'],
  ['text', 'ERROR: disk quota exceeded\n', 'INVALID_JSON'],
  ['a blank line', '\n', 'INVALID_JSON'],
  ['a blank line with CRLF', '\r\n', 'INVALID_JSON'],
  ['a byte order mark', `\uFEFF${good}`, 'INVALID_JSON'],
  ['NUL bytes alone', '\0\0\0\0\n', 'INVALID_JSON'],
  ['a NUL byte within', '{"timestamp":1763800000000,"userId":"a\0b","value":1}\n', 'INVALID_JSON'],
  [
    'invalid UTF-8',
    Buffer.concat([
      Buffer.from('{"timestamp":1763800000000,"userId":"'),
      Buffer.from([0xff, 0xc3, 0x28]),
      Buffer.from('","name":"add_revenue","value":1}\n'),
    ]),
    'INVALID_UTF8',
  ],
  ['an array', '[1,2,3]\n', 'RECORD_NOT_AN_OBJECT'],
  ['null', 'null\n', 'RECORD_NOT_AN_OBJECT'],
  ['a number', '17\n', 'RECORD_NOT_AN_OBJECT'],
  [
    'a missing timestamp',
    '{"userId":"u","name":"add_revenue","value":1}\n',
    'RECORD_TIMESTAMP_INVALID',
  ],
  [
    'a timestamp that is text',
    '{"timestamp":"1763800000000","userId":"u","name":"add_revenue","value":1}\n',
    'RECORD_TIMESTAMP_INVALID',
  ],
  [
    'a name that nobody knows, which is not a subtraction',
    withProperty('"userId":"good","name":"multiply_revenue","value":1'),
    'NAME_UNKNOWN',
  ],
  [
    'an amount that is text',
    withProperty('"userId":"good","name":"add_revenue","value":"1"'),
    'VALUE_NOT_A_NUMBER',
  ],
  [
    'a negative amount',
    withProperty('"userId":"good","name":"add_revenue","value":-1'),
    'VALUE_NEGATIVE',
  ],
  [
    'an escaped NUL in the user',
    withProperty('"userId":"a\\u0000b","name":"add_revenue","value":1'),
    'USER_ID_NOT_STORABLE',
  ],
  [
    'half a surrogate pair in the user',
    withProperty('"userId":"a\\ud800b","name":"add_revenue","value":1'),
    'USER_ID_NOT_STORABLE',
  ],
  [
    'half a surrogate pair in a property',
    withProperty('"\\ud800\\u0000":1,"userId":"good","name":"add_revenue","value":1'),
    'PROPERTY_UNKNOWN',
  ],
  [
    'its own __proto__',
    withProperty('"__proto__":{},"userId":"good","name":"add_revenue","value":1'),
    'PROPERTY_UNKNOWN',
  ],
  [
    'a user of 10,000 characters',
    withProperty(`"userId":"${'x'.repeat(10_000)}","name":"add_revenue","value":1`),
    'USER_ID_TOO_LONG',
  ],
  ['surrogates cut by the message bound', `${'😀'.repeat(300)}\n`, 'INVALID_JSON'],
];

describe('a load keeps what can never be loaded as dead letters', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  test.each(POISON)('keeps %s, and loads what stands around it', async (_what, line, code) => {
    const log = await harness.openLogWith(Buffer.concat([good, line, good].map(toBuffer)));
    expect(await harness.processor(log).runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ good: '2' });
    const letters = await harness.deadLetters();
    expect(letters).toHaveLength(1);
    expect(letters[0]).toMatchObject({
      offset: String(good.length),
      length: String(toBuffer(line).length),
      code,
      state: 'open',
    });
    expect(letters[0]?.bytes.equals(toBuffer(line))).toBe(true);
    expect(letters[0]?.message).not.toBe('');
    expect(letters[0]?.message).not.toContain('\0');
  });

  test('keeps them all of one batch, each at its offset, and goes on behind them', async () => {
    const lines = POISON.flatMap(([, line]) => [good, line]).concat(good);
    const log = await harness.openLogWith(Buffer.concat(lines.map(toBuffer)));
    await harness.processor(log).runOnce();
    expect(harness.reports).toHaveLength(1);
    expect(await harness.balances()).toEqual({ good: String(POISON.length + 1) });
    const letters = await harness.deadLetters();
    expect(letters.map(({ code }) => code)).toEqual(POISON.map(([, , code]) => code));
    const segment = Buffer.concat(lines.map(toBuffer));
    for (const { offset, length, bytes } of letters) {
      const [start, end] = [Number(offset), Number(offset) + Number(length)];
      expect(bytes.equals(segment.subarray(start, end))).toBe(true);
    }
  });

  test('loads a record that ends with CRLF, because JSON allows the CR', async () => {
    const log = await harness.openLogWith(`${good.trimEnd()}\r\n${good}`);
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ good: '2' });
    expect(await harness.deadLetters()).toEqual([]);
  });

  test.each([
    ['70 KiB', 70 * 1024, 'INVALID_JSON'],
    ['700 KiB', 700 * 1024, 'INVALID_JSON'],
    ['just over a record', 1024 * 1024 + 1, 'RECORD_TOO_LONG'],
    ['5 MiB', 5 * 1024 * 1024, 'RECORD_TOO_LONG'],
  ])('keeps the first 64 KiB and the length of a line of %s', async (_size, length, code) => {
    const line = Buffer.alloc(length, 'abcdefg');
    line[length - 1] = 0x0a;
    const log = await harness.openLogWith(Buffer.concat([toBuffer(good), line, toBuffer(good)]));
    await harness.processor(log).runOnce();
    expect(await harness.balances()).toEqual({ good: '2' });
    const [letter, ...more] = await harness.deadLetters();
    expect(more).toEqual([]);
    expect(letter).toMatchObject({ offset: String(good.length), length: String(length), code });
    expect(sha256(letter!.bytes)).toBe(sha256(line.subarray(0, 64 * 1024)));
  });

  test('loads a log of nothing but poison, and what is appended later', async () => {
    const log = await harness.openLogWith('poison\nmore poison\n');
    const processor = harness.processor(log);
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
    expect(await harness.checkpoints()).toMatchObject([{ offset: 19, timestamp: null, events: 0 }]);
    await log.append([{ payload: '{"userId":"later","name":"add_revenue","value":3}' }]);
    await processor.runOnce();
    expect(await harness.balances()).toEqual({ later: '3' });
    expect(await harness.deadLetters()).toHaveLength(2);
  });
});

const toBuffer = (line: Buffer | string): Buffer =>
  typeof line === 'string' ? Buffer.from(line) : line;

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
