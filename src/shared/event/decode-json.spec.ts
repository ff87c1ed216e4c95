import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { decodeJson, withoutByteOrderMark } from './decode-json.js';

const BOM = Buffer.from([0xef, 0xbb, 0xbf]);
const quoted = (...bytes: number[]): Buffer =>
  Buffer.concat([Buffer.from('"'), Buffer.from(bytes), Buffer.from('"')]);

describe('bytes that are not UTF-8', () => {
  it.each([
    ['a Latin-1 letter', quoted(0xfc)],
    ['a sequence that is cut off', quoted(0xe2, 0x82)],
    ['an overlong NUL', quoted(0xc0, 0x80)],
    ['an overlong slash', quoted(0xe0, 0x80, 0xaf)],
    ['an encoded half of a surrogate pair', quoted(0xed, 0xa0, 0x80)],
    ['a code point beyond U+10FFFF', quoted(0xf4, 0x90, 0x80, 0x80)],
    ['UTF-16', Buffer.from('"abc"', 'utf16le').fill(0xff, 0, 1)],
  ])('are refused, not replaced: %s', (_, bytes) => {
    expect(decodeJson(bytes)).toMatchObject({ kind: 'refused', code: 'INVALID_UTF8' });
  });

  it('are refused even where no text is: two users never become one', () => {
    expect(decodeJson(Buffer.from([0xff]))).toMatchObject({ code: 'INVALID_UTF8' });
  });
});

describe('a byte order mark', () => {
  it('is dropped at the start, once', () => {
    const text = Buffer.from('{}');
    expect(withoutByteOrderMark(Buffer.concat([BOM, text]))).toEqual(text);
    expect(withoutByteOrderMark(Buffer.concat([BOM, BOM]))).toEqual(BOM);
    expect(withoutByteOrderMark(BOM)).toEqual(Buffer.alloc(0));
    expect(withoutByteOrderMark(BOM.subarray(0, 2))).toEqual(BOM.subarray(0, 2));
    expect(withoutByteOrderMark(text)).toBe(text);
  });

  it('inside of a text is an ordinary character of it', () => {
    expect(decodeJson(Buffer.from('"\ufeffa"'))).toEqual({ kind: 'json', json: '\ufeffa' });
  });
});

describe('JSON', () => {
  it('comes back as it was written', () => {
    fc.assert(
      fc.property(fc.jsonValue({ noUnicodeString: false }), (json) => {
        const text = JSON.stringify(json);
        expect(decodeJson(Buffer.from(text))).toEqual({ kind: 'json', json: JSON.parse(text) });
      }),
    );
  });

  it('keeps the last one of repeated keys', () => {
    const decoded = decodeJson(Buffer.from('{"value":1,"value":2}'));
    expect(decoded).toEqual({ kind: 'json', json: { value: 2 } });
  });

  it.each([
    [''],
    [' '],
    ['{'],
    ['{"a":1,}'],
    ['{"a":1}{"a":2}'],
    ["{'a':1}"],
    ['NaN'],
    ['+1'],
    ['01'],
    ['"a\u0001"'],
    ['\u00a0{}'],
    ['{} // done'],
  ])('is refused when it does not parse: %j', (text) => {
    expect(decodeJson(Buffer.from(text))).toMatchObject({ code: 'INVALID_JSON' });
  });

  it('that nests millions of arrays is refused at once, closed or not', () => {
    const half = 5_000_000;
    for (const text of ['['.repeat(half), '['.repeat(half) + ']'.repeat(half)]) {
      const bytes = Buffer.from(text);
      const before = process.cpuUsage();
      const message = 'not valid JSON for events: nested too deeply, beyond 16 levels';
      expect(decodeJson(bytes)).toEqual({ kind: 'refused', code: 'INVALID_JSON', message });
      const { user, system } = process.cpuUsage(before);
      expect((user + system) / 1_000).toBeLessThan(1_000);
    }
  });

  it('that does not parse gets a short message however long it is', () => {
    const decoded = decodeJson(Buffer.from(`{${'x'.repeat(1_000_000)}`));
    expect(decoded.kind === 'refused' && decoded.message.length).toBeLessThanOrEqual(200);
  });
});
