import { describe, expect, test } from '@jest/globals';
import { deltasOf, hourDeltasOf } from '../../../test/support/fold-bytes.js';
import { TELLING_BYTES } from '../../../test/support/mutate-line.js';
import { ReferenceFold } from '../../../test/support/reference-fold.js';
import { Fold } from './fold-records.js';
import { createFoldWindow, type FoldWindow } from './fold-window.js';

const line = (id: string, userId: string, rest: string): string =>
  `{"timestamp":1763800000123,${id}"userId":"${userId}","name":"${rest}}\n`;
const PLAIN = line('', 'abc123', 'add_revenue","value":432');
const SHAPES = [
  PLAIN,
  line('"id":"inv-17:3",', 'abc1234', 'subtract_revenue","value":9.25'),
  line('"id":"i",', 'ü€', 'add_revenue","value":0.000001'),
  line('', 'abcd', 'subtract_revenue","value":999999999999999'),
  line('"id":"dead-letter:8c6f0a52-1d7e-4b39-9f0a-5e2c7d81b364:7",', 'a', 'add_revenue","value":1'),
];

Error.stackTraceLimit = 0; // most of these lines are refused with an error of JSON.parse

/** Both folds beside each other. */
class Pair {
  private readonly fold = new Fold();
  private readonly reference = new ReferenceFold();

  constructor(private readonly window: FoldWindow = createFoldWindow(4_096)) {}

  /** Whole lines, in a window of their own. */
  add(...lines: readonly Buffer[]): void {
    const { bytes } = this.window;
    let length = 0;
    for (const each of lines) length += each.copy(bytes, length);
    const [expected, found] = [
      JSON.stringify(this.reference.add(bytes.subarray(0, length))),
      JSON.stringify(this.fold.add(this.window, length)),
    ];
    const isSame = found === expected && this.fold.events === this.reference.events;
    if (!isSame) expect({ lines, found }).toEqual({ lines, found: expected });
    if (!isSame) expect(this.fold.events).toBe(this.reference.events);
  }

  expectSameSums(): void {
    this.add(good);
    expect(new Map([...deltasOf(this.fold)].sort())).toEqual(
      new Map([...this.reference.deltas()].sort()),
    );
    expect(new Map([...hourDeltasOf(this.fold)].sort())).toEqual(
      new Map([...this.reference.hourDeltas()].sort()),
    );
  }
}

const good = Buffer.from(PLAIN);
const ended = (...parts: readonly (Buffer | Uint8Array)[]): Buffer =>
  Buffer.concat([...parts, Buffer.from('\n')]);

describe.each(SHAPES)(
  'the fold of bytes gives what JSON.parse and the codec give for %j',
  (text) => {
    const whole = Buffer.from(text);
    const shape = whole.subarray(0, -1);

    test('with any byte in any place', () => {
      const [pair, fresh] = [new Pair(), new Pair()];
      for (let at = 0; at < shape.length; at++) {
        for (let byte = 0; byte < 256; byte++) {
          const changed = Buffer.from(whole);
          changed[at] = byte;
          pair.add(good, changed, whole, good);
          // At the end of the bytes that are folded, with those of longer ones still behind it.
          fresh.add(changed);
        }
        new Pair().add(whole);
      }
      pair.expectSameSums();
      fresh.expectSameSums();
    });

    test('with the timestamp of any byte, as the first line of all', () => {
      for (let byte = 0; byte < 256; byte++) {
        for (const [from, to] of [
          [13, 25],
          [13, 17],
          [17, 21],
          [21, 25],
          [13, 26],
        ] as const) {
          new Pair().add(Buffer.from(whole).fill(byte, from, to));
        }
      }
    });

    test('without any stretch of it, and with bytes that mean something in between', () => {
      const pair = new Pair();
      for (let at = 0; at <= shape.length; at++) {
        for (const byte of TELLING_BYTES) {
          const inserted = ended(shape.subarray(0, at), Uint8Array.of(byte), shape.subarray(at));
          pair.add(inserted, whole);
        }
        for (let end = at + 1; end <= shape.length; end++) {
          pair.add(ended(shape.subarray(0, at), shape.subarray(end)), whole);
        }
      }
      pair.expectSameSums();
    });

    test('at every alignment and at the end of a window, whatever bytes were there before', () => {
      const capacity = 512;
      const window = createFoldWindow(capacity);
      const pair = new Pair(window);
      const fillers = [0x00, 0x22, 0x2e, 0x31, 0x5c, 0x7d, 0xff].map((byte) => Buffer.of(byte));
      for (const filler of [...fillers, ...SHAPES.map((each) => Buffer.from(each))]) {
        for (let before = 0; before < 8; before++) {
          for (let cut = 1; cut <= whole.length; cut++) {
            window.bytes.fill(filler);
            // A line that is cut off must not be completed by what was behind it.
            pair.add(
              Buffer.from(`${' '.repeat(before)}\n`),
              whole,
              ended(whole.subarray(0, cut - 1)),
            );
          }
        }
        window.bytes.fill(filler);
        const room = capacity - whole.length - 1;
        pair.add(Buffer.from(`${'x'.repeat(room)}\n`), whole);
      }
      pair.expectSameSums();
    });
  },
);
