import { describe, expect, it } from '@jest/globals';
import { decodeLine, LINE_BYTES_MAX } from './decode-line.js';

const EVENT = { userId: 'u', name: 'add_revenue', value: 1 };
const TEXT = JSON.stringify(EVENT);

const decode = (bytes: string | Buffer, number = 2) =>
  decodeLine({ kind: 'line', number, bytes: Buffer.from(bytes), end: 0 });

describe('decodeLine', () => {
  it.each(['', ' ', '\t \r', '\r'])('takes %j for blank', (text) => {
    expect(decode(text)).toEqual({ kind: 'blank' });
  });

  it('takes an event whose line ended with CR LF', () => {
    expect(decode(`${TEXT}\r`)).toEqual({ kind: 'event', event: EVENT });
  });

  it('drops a byte order mark from the first line only', () => {
    expect(decode(`\ufeff${TEXT}`, 1)).toEqual({ kind: 'event', event: EVENT });
    expect(decode(`\ufeff${TEXT}`, 2)).toMatchObject({ kind: 'invalid', code: 'INVALID_JSON' });
    expect(decode('\ufeff', 1)).toEqual({ kind: 'blank' });
  });

  it('refuses bytes that are not UTF-8 instead of replacing them', () => {
    const bytes = Buffer.from(TEXT.replace('"u"', '"\xff"'), 'latin1');
    expect(decode(bytes)).toMatchObject({ kind: 'invalid', code: 'INVALID_UTF8' });
  });

  it.each([
    ['{"userId":"u"', 'INVALID_JSON'],
    ['[]', 'EVENT_NOT_AN_OBJECT'],
    ['{"userId":"u","name":"add_revenue","value":-1}', 'VALUE_NEGATIVE'],
    ['\u00a0', 'INVALID_JSON'],
  ])('says why %j is no event', (text, code) => {
    expect(decode(text)).toMatchObject({ kind: 'invalid', code });
  });

  it('refuses a line that is too long, naming the bound', () => {
    const decoded = decodeLine({ kind: 'too-long', number: 7, end: 0 });
    expect(decoded).toMatchObject({ kind: 'invalid', code: 'LINE_TOO_LONG' });
    expect(JSON.stringify(decoded)).toContain(String(LINE_BYTES_MAX));
  });
});
