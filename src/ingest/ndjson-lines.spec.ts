import { describe, expect, it, test } from '@jest/globals';
import { quickRandom } from '../../test/support/quick-random.js';
import { SampleLines } from '../../test/support/sample-lines.js';
import { testSeed } from '../../test/support/seeded-random.js';
import { EventBatch, type Sender } from './event-batch.js';
import { EventTally } from './event-tally.js';
import { ItemCounts } from './item-counts.js';
import { NdjsonLines } from './ndjson-lines.js';
import { ScanWindow, SLICE_BYTES_MAX } from './scan-window.js';

const LINE_BYTES_MAX = 1_024;
const MANY = 1_000_000;
const BODIES = 150;
const TIMESTAMP_DIGITS = /\{"timestamp":[^,]{13,16},|\{"timestamp"[^"]*"/g;
const EVENT = '{"userId":"abc123","name":"add_revenue","value":432}';

const window = new ScanWindow(LINE_BYTES_MAX + SLICE_BYTES_MAX);

/** What a body that comes in such chunks gives: the lines for the log, and what is said of the items. */
function take(chunks: readonly Buffer[], sender: Sender = 'any') {
  const lines = new NdjsonLines({ window, sender, lineBytesMax: LINE_BYTES_MAX });
  const counts = new ItemCounts(MANY, new EventTally());
  let stored = '';
  const add = (fill: (batch: EventBatch) => void): void => {
    const batch = new EventBatch(MANY);
    fill(batch);
    // The room for the time holds whatever was in memory.
    const { contents, bytes, count } = batch.lines;
    stored += contents.toString('latin1', 0, bytes).replace(TIMESTAMP_DIGITS, '{');
    batch.settle(new Array<'appended'>(count).fill('appended'), counts);
  };
  for (const chunk of chunks) {
    for (let rest = chunk; rest.length > 0;) {
      add((batch) => {
        rest = rest.subarray(lines.take(rest, batch));
      });
    }
  }
  add((batch) => {
    lines.end(batch);
  });
  return { stored, counts };
}

const takeText = (text: string) => take([Buffer.from(text)]).counts;

describe('an NDJSON body', () => {
  test('gives the same however it is cut into chunks', () => {
    const random = quickRandom(testSeed());
    const samples = new SampleLines(random);
    for (let count = 0; count < BODIES; count += 1) {
      const parts: Buffer[] = [];
      for (let line = 0; line < 40; line += 1) {
        const mix = { foreign: 0.3, mutated: random() < 0.5 ? 0 : 0.3, odd: 0.1 };
        const next = Buffer.from(samples.next(mix)).toString('latin1');
        const event = next.replace(/^\{"timestamp":[^,]*,/, '{');
        parts.push(Buffer.from(random() < 0.05 ? `${'x'.repeat(1_500)}\n` : event, 'latin1'));
        if (random() < 0.1) parts.push(Buffer.from(' \t\r\n\n'));
        if (random() < 0.05) {
          const length = LINE_BYTES_MAX - 2 + Math.floor(random() * 5);
          parts.push(Buffer.from(`${(random() < 0.5 ? '' : EVENT).padEnd(length)}\n`));
        }
      }
      if (random() < 0.3) parts.unshift(Buffer.from('\ufeff'));
      const body = Buffer.concat(parts);
      const chunks: Buffer[] = [];
      const longest = 1 + Math.floor(random() ** 4 * 4_000);
      for (let at = 0; at < body.length;) {
        const length = 1 + Math.floor(random() * longest);
        chunks.push(Buffer.from(body.subarray(at, at + length)));
        at += length;
      }
      const [whole, cut] = [take([body]), take(chunks)];
      expect(cut.counts).toEqual(whole.counts);
      expect(cut.stored).toBe(whole.stored);
    }
  });

  it.each([
    ['', 0],
    ['\n', 0],
    [' \t\r\n\r\n  ', 0],
    [EVENT, 1],
    [`${EVENT}\n`, 1],
    [`${EVENT}\r\n${EVENT}\r\n`, 2],
    [`\n\n${EVENT}\n \n${EVENT}`, 2],
    [`\ufeff${EVENT}\n`, 1],
    [`\ufeff\n${EVENT}\n`, 1],
    [` ${EVENT} \n`, 1],
    [`${EVENT}\t\r\n`, 1],
  ])('%j holds so many events: %i', (text, accepted) => {
    expect(takeText(text)).toMatchObject({ read: accepted, accepted, rejectedTotal: 0 });
  });

  it.each([
    ['not JSON', 'nonsense', 'INVALID_JSON'],
    ['two events on a line', `${EVENT}${EVENT}`, 'INVALID_JSON'],
    ['a byte order mark behind the start', `${EVENT}\n\ufeff${EVENT}`, 'INVALID_JSON'],
    ['no object', '1', 'EVENT_NOT_AN_OBJECT'],
    ['a line that is too long', ' '.repeat(LINE_BYTES_MAX + 1) + EVENT, 'LINE_TOO_LONG'],
    ['an id of this system', EVENT.replace('{', '{"id":"dead-letter:x",'), 'ID_RESERVED'],
  ])('has a rejected item for %s, and goes on behind it', (_, line, code) => {
    const { accepted, rejected } = takeText(`${line}\n${EVENT}\n`);
    expect(accepted).toBe(line.split('\n').length);
    expect(rejected.map((rejection) => rejection.code)).toEqual([code]);
  });

  it('counts the lines that are not blank', () => {
    const { rejected, read } = takeText(`\n${EVENT}\n\n{}\n \n[]\n${EVENT}`);
    expect(rejected.map(({ index }) => index)).toEqual([1, 2]);
    expect(read).toBe(4);
  });

  it('has a line that is not UTF-8 refused, and those beside it taken', () => {
    const bad = Buffer.from(EVENT.replace('abc', '\xfcbc'), 'latin1');
    const good = Buffer.from(`\n${EVENT.replace('abc', 'äbc')}\n`);
    const { counts, stored } = take([Buffer.concat([good, bad, good])]);
    expect(counts).toMatchObject({ accepted: 2, rejected: [{ index: 1, code: 'INVALID_UTF8' }] });
    expect(
      Buffer.from(stored, 'latin1')
        .toString()
        .match(/äbc123/g),
    ).toHaveLength(2);
  });

  it('of many lines that the codec has to look at is taken in parts', () => {
    const lines = new NdjsonLines({ window, sender: 'any', lineBytesMax: LINE_BYTES_MAX });
    const text = Buffer.from(`${'{}\n'.repeat(5_000)}${EVENT}`);
    const batch = new EventBatch(MANY);
    const [first, parts] = [lines.take(text, batch), [batch.items]];
    for (let rest = text.subarray(first); rest.length > 0;) {
      const before = batch.items;
      rest = rest.subarray(lines.take(rest, batch));
      parts.push(batch.items - before);
    }
    lines.end(batch);
    expect(parts).toEqual([1_000, 1_000, 1_000, 1_000, 1_000]);
    expect(batch.items).toBe(5_001);
  });

  it('may have a line of the greatest length', () => {
    const long = EVENT.padStart(LINE_BYTES_MAX);
    expect(takeText(`${long}\n${long}`)).toMatchObject({ accepted: 2, rejectedTotal: 0 });
    expect(takeText(`${EVENT}\n${'x'.repeat(LINE_BYTES_MAX + 1)}`)).toMatchObject({
      accepted: 1,
      rejected: [{ index: 1, code: 'LINE_TOO_LONG' }],
    });
  });

  it('may hold the events that this process corrects', () => {
    const line = Buffer.from(EVENT.replace('{', '{"id":"dead-letter:x",'));
    expect(take([line], 'corrections').counts).toMatchObject({ accepted: 1, rejectedTotal: 0 });
  });
});
