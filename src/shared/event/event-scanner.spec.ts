import { isUtf8 } from 'node:buffer';
import { describe, expect, it, test } from '@jest/globals';
import { quickRandom } from '../../../test/support/quick-random.js';
import { SampleLines, type LineMix } from '../../../test/support/sample-lines.js';
import { testSeed } from '../../../test/support/seeded-random.js';
import { decodeJson } from './decode-json.js';
import { decodeEvent, encodeEventPayload } from './event-codec.js';
import { EventScanner, SCAN_PADDING_BYTES } from './event-scanner.js';
import { isReservedId } from './reserved-id.js';

const LINES = Number(process.env['SCAN_LINES'] ?? 300_000);
const TIMEOUT_MS = 180_000 + LINES / 5;
const WINDOW_BYTES = 64 * 1024;
const NEWLINE = 0x0a;
const MIXES: readonly LineMix[] = [
  { foreign: 0, mutated: 0, odd: 0 },
  { foreign: 0, mutated: 0.3, odd: 0.1 },
  { foreign: 0.5, mutated: 0, odd: 0.2 },
  { foreign: 0.5, mutated: 0.5, odd: 0.2 },
];

/** What is to be stored of a line: by JSON.parse and the codec; null when the codec refuses it. */
function expectedOf(line: Buffer): string | null {
  const json = decodeJson(line);
  const decoded = json.kind === 'json' ? decodeEvent(json.json) : json;
  if (decoded.kind !== 'event') return null;
  const { id } = decoded.event;
  if (id !== undefined && isReservedId(id)) return null;
  return JSON.stringify([id ?? null, encodeEventPayload(decoded.event)]);
}

/** The same, as the scanner says it. */
function foundIn(bytes: Buffer, scanner: EventScanner): string {
  const { idStart, idEnd, payloadStart, payloadEnd } = scanner;
  const id = idStart === idEnd ? null : bytes.toString('utf8', idStart, idEnd);
  return JSON.stringify([id, `{${bytes.toString('utf8', payloadStart + 1, payloadEnd)}`]);
}

const window = Buffer.alloc(WINDOW_BYTES + SCAN_PADDING_BYTES);
const scanner = new EventScanner();

/** What the scanner makes of a text; null when it leaves it to the codec. */
function scan(text: string): string | null {
  window.fill(0x22);
  const end = window.write(text);
  scanner.begin(window, 0, end);
  return scanner.scan(0) ? foundIn(window, scanner) : null;
}

describe('an event that the scanner takes is what JSON.parse and the codec make of it', () => {
  test(
    `${LINES} lines, good, odd and mutated`,
    () => {
      const random = quickRandom(testSeed());
      const samples = new SampleLines(random);
      let [lines, taken, good] = [0, 0, 0];
      while (lines < LINES) {
        const mix = MIXES[lines % MIXES.length]!;
        let end = 0;
        for (;;) {
          const next = Buffer.from(samples.next(mix)).toString('latin1');
          // Of a record's line, an event's: now and then with the timestamp, which senders may not set.
          const line = random() < 0.9 ? next.replace(/^\{"timestamp":[^,]*,/, '{') : next;
          if (end + line.length + 1 > WINDOW_BYTES) break;
          end += window.write(line, end, 'latin1');
        }
        if (window[end - 1] !== NEWLINE) window[end++] = NEWLINE;
        scanner.begin(window, 0, end);
        const allText = isUtf8(window.subarray(0, end));
        for (let start = 0; start < end;) {
          const newline = window.indexOf(NEWLINE, start);
          const expected = expectedOf(window.subarray(start, newline));
          const isTaken = scanner.scan(start);
          if (isTaken && scanner.payloadEnd === newline) {
            taken += 1;
            const found = foundIn(window, scanner);
            if (found !== expected)
              expect({ found, allText }).toEqual({ found: expected, allText });
          }
          if (expected !== null) good += 1;
          lines += 1;
          start = newline + 1;
        }
      }
      expect(taken).toBeGreaterThan(lines / 10);
      expect(good).toBeGreaterThan(taken);
    },
    TIMEOUT_MS,
  );
});

describe('the scanner', () => {
  const event = (value: string, userId = 'abc123'): string =>
    `{"userId":"${userId}","name":"add_revenue","value":${value}}`;

  it.each(['0', '7', '10', '999999999999999', '0.5', '0.000001', '99999999999999.1', '1.25'])(
    'takes the value %s',
    (value) => expect(scan(event(value))).toBe(expectedOf(Buffer.from(event(value)))),
  );

  it.each(['00', '01', '-1', '-0', '1.0', '1.50', '.5', '1.', '1e3', '1E2', '1234567890123456'])(
    'leaves the value %s to the codec',
    (value) => expect(scan(event(value))).toBeNull(),
  );

  it.each(['é', '😀', 'a'.repeat(255), "o'brien", '__proto__', '..', ' ', '\u2028', '\x7f'])(
    'takes the user %j',
    (userId) => expect(scan(event('1', userId))).toBe(expectedOf(Buffer.from(event('1', userId)))),
  );

  it.each(['', 'a'.repeat(256), 'é'.repeat(128), 'a\\u0041', 'a\tb', 'a\0b', 'a"b'])(
    'leaves the user %j to the codec',
    (userId) => expect(scan(event('1', userId))).toBeNull(),
  );

  it('tells an id apart, and leaves one that only this system makes', () => {
    const sub = '"userId":"u","name":"subtract_revenue","value":1.5}';
    expect(scan(`{"id":"inv-17:3",${sub}`)).toBe(JSON.stringify(['inv-17:3', `{${sub}`]));
    expect(scan(`{"id":"${'i'.repeat(128)}",${sub}`)).not.toBeNull();
    expect(scan(`{"id":"${'i'.repeat(129)}",${sub}`)).toBeNull();
    expect(scan(`{"id":"dead-letter:x",${sub}`)).toBeNull();
    expect(scan(`{"id":"",${sub}`)).toBeNull();
  });

  it('leaves what is not UTF-8 to the codec', () => {
    const bytes = Buffer.from(event('1', 'a\u00fcb'), 'latin1');
    const end = bytes.copy(window);
    scanner.begin(window, 0, end);
    expect(scanner.scan(0)).toBe(false);
  });

  it('takes nothing that ends with its bytes, wherever they are cut', () => {
    const whole = `{"id":"i","userId":"u","name":"subtract_revenue","value":1.5}`;
    for (let length = 0; length < whole.length; length += 1) {
      expect(scan(whole.slice(0, length))).toBeNull();
    }
    expect(scan(whole)).not.toBeNull();
  });
});
