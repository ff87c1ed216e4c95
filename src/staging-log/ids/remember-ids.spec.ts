import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { DedupeIndex } from './dedupe-index.js';
import { LogTime } from './log-time.js';
import { formatRecord, splitRecord } from '../record-format.js';
import type { RecordSpans } from '../record-lines.port.js';
import { rememberIds } from './remember-ids.js';

const WINDOW_SECONDS = 1_000;
const KEY = Buffer.from('of the hashes 16');
type Remembered = readonly [id: string, payload: string, seconds: number];

/** What comes to the index, as texts. */
function remembered(bytes: Buffer): Remembered[] {
  const all: Remembered[] = [];
  const index = {
    add: (id: string, payload: string, now: number) => all.push([id, payload, now]),
    addBytes: (from: Buffer, at: RecordSpans, now: number) => {
      const id = from.toString('utf8', at.idStart, at.idEnd);
      all.push([id, from.toString('utf8', at.payloadStart, at.payloadEnd), now]);
    },
  };
  rememberIds(Buffer.from(bytes), index as unknown as DedupeIndex, new LogTime(WINDOW_SECONDS));
  return all;
}

/** The same, told by taking each line apart as a text. */
function split(bytes: Buffer): Remembered[] {
  const all: Remembered[] = [];
  const time = new LogTime(WINDOW_SECONDS);
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf('\n', start);
    const line = bytes.toString('utf8', start, end);
    // The time of a line counts, too, whose id turns out to be none.
    const timestamp = /^\{"timestamp":(\d{1,16}),/.exec(line)?.[1];
    const seconds = timestamp === undefined ? 0 : time.advance(Number(timestamp));
    const { id = null, payload = '' } = splitRecord(line) ?? {};
    if (id !== null) all.push([id, payload, seconds]);
    start = end + 1;
  }
  return all;
}

const timestamp = fc.oneof(
  fc.integer({ min: 1_763_800_000_000, max: 1_763_800_900_000 }),
  fc.integer({ min: 0, max: Number.MAX_SAFE_INTEGER }),
);
const awkward = fc.constantFrom(
  ...['"', '\\', ',', '\n', '\0', '\u2028', '\ufeff', 'é', '😀', 'a'],
);
const id = fc.oneof(fc.string(), fc.string({ unit: awkward }));
const payload = fc.constantFrom('{"n":1}', '{"userId":"ü","id":"inner"}', '{"n":","}');
const ownLine = fc
  .tuple(timestamp, fc.option(id, { nil: undefined }), payload)
  .map(([time, key, body]) =>
    formatRecord(time, key === undefined ? { payload: body } : { id: key, payload: body }),
  )
  .map((line) => Buffer.from(line));

/** One byte of a line is another one, or the line is cut there. */
const damagedLine = fc
  .tuple(ownLine, fc.nat(200), fc.option(fc.integer({ min: 0, max: 255 })))
  .map(([line, where, byte]) => {
    const at = where % line.length;
    if (byte === null) return Buffer.concat([line.subarray(0, at), Buffer.from('\n')]);
    return Buffer.concat([line.subarray(0, at), Buffer.from([byte]), line.subarray(at + 1)]);
  })
  .map((line) => (line.at(-1) === 0x0a ? line : Buffer.concat([line, Buffer.from('\n')])));

const FOREIGN = [
  ...['', '{}', '{"timestamp":}', '{"timestamp":1}', '{"timestamp":1,"id":"a"}', '{"timestamp":1,'],
  ...[
    '{"timestamp":1,"id":"',
    '{"timestamp":1,"id":"a',
    '{"timestamp":1,"id":"a",',
    '{"timestamp":',
  ],
  ...['{"timestamp":1,"id":"\\x","n":1}', '{"timestamp":1,"id":"\t","n":1}'],
  ...['{"timestamp":1,"id":"a" ,"n":1}', '{"timestamp":1,"id":"a","id":"b","n":1}'],
  ...['{"timestamp":12345678901234567,"id":"a","n":1}', '{"timestamp":9999999999999999,"id":"a",}'],
  ...['{"timestamp":1,"id":1,"n":1}', '{"timestamp":1 ,"id":"a","n":1}', '{"timestamp":1,"id":"\\'],
].map((line) => Buffer.from(`${line}\n`));

describe('the ids of lines', () => {
  it('are those that splitting each line tells, whatever the lines are', () => {
    const line = fc.oneof(
      { weight: 6, arbitrary: ownLine },
      { weight: 2, arbitrary: damagedLine },
      { weight: 2, arbitrary: fc.constantFrom(...FOREIGN) },
    );
    fc.assert(
      fc.property(fc.array(line, { maxLength: 12 }), (lines) => {
        const bytes = Buffer.concat(lines);
        expect(remembered(bytes)).toEqual(split(bytes));
      }),
      { numRuns: 5_000 },
    );
  });

  it('are known to the index as those of the texts', () => {
    const index = new DedupeIndex({ idsMax: 1_000, windowSeconds: WINDOW_SECONDS }, KEY);
    const ids = ['', 'a', 'é😀', '"\\', 'x'.repeat(100_000)];
    const lines = ids.map((one, n) => formatRecord(1, { id: one, payload: `{"n":"ü${n}"}` }));
    rememberIds(Buffer.from(lines.join('')), index, new LogTime(WINDOW_SECONDS));
    expect(index.size).toBe(ids.length);
    for (const [n, one] of ids.entries()) {
      expect(index.look(one, `{"n":"ü${n}"}`, 0)).toBe('duplicate');
      expect(index.look(one, `{"n":"ü${n}."}`, 0)).toBe('id-reused');
    }
  });
});
