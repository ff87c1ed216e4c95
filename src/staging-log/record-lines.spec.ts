import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { stampLines } from './append/stamp-lines.js';
import { assertRecord, formatRecord, RECORD_BYTES_MAX } from './record-format.js';
import { MARKS_PER_RECORD, RecordLines, type NewRecord } from './record-lines.port.js';

const TIME = 1_763_800_000_123;

const text = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 30 }),
  fc.string({
    unit: fc.constantFrom('a', '"', '\\', '\n', 'é', '€', '😀', '\u007f'),
    maxLength: 20,
  }),
  fc.integer({ min: 500, max: 530 }).map((length) => 'x'.repeat(length)),
);
const record: fc.Arbitrary<NewRecord> = fc
  .record({ id: fc.option(text, { nil: undefined, freq: 3 }), n: text })
  .map(({ id, n }) => ({ ...(id === undefined ? {} : { id }), payload: JSON.stringify({ n }) }));

/** As a door has them: an id without escapes as it stands in JSON. */
function addAsBytes(lines: RecordLines, { id, payload }: NewRecord, before: string): void {
  const json = id === undefined ? '' : JSON.stringify(id).slice(1, -1);
  if (json !== (id ?? '') || id === '') {
    lines.add({ id, payload } as NewRecord);
    return;
  }
  const source = Buffer.from(before + json + payload);
  const idStart = Buffer.byteLength(before);
  const idEnd = idStart + Buffer.byteLength(json);
  lines.addBytes(source, { idStart, idEnd, payloadStart: idEnd, payloadEnd: source.length });
}

/** What the marks say of a record. */
function read({ contents, marks, escapedIds }: RecordLines, index: number): NewRecord {
  const at = index * MARKS_PER_RECORD;
  const [idStart, idEnd, payloadStart, payloadEnd] = marks.subarray(at, at + MARKS_PER_RECORD);
  const payload = contents.toString('utf8', payloadStart, payloadEnd);
  if (idStart === 0) return { payload };
  return { id: escapedIds.get(index) ?? contents.toString('utf8', idStart, idEnd), payload };
}

describe('record lines', () => {
  it('are what records are as texts, whether they come as texts or as bytes, and when some are cut out', () => {
    const lines = new RecordLines();
    fc.assert(
      fc.property(
        fc.array(
          fc.record({ one: record, asBytes: fc.boolean(), isCut: fc.boolean(), before: text }),
        ),
        fc.oneof(fc.constant(TIME), fc.nat({ max: 2 ** 45 })),
        (plans, time) => {
          lines.clear();
          for (const { one, asBytes, before } of plans) {
            if (asBytes) addAsBytes(lines, one, before);
            else lines.add(one);
          }
          const all = plans.map(({ one }) => one);
          expect(all.map((_, index) => read(lines, index))).toEqual(all);
          expect(lines.idCount).toBe(all.filter(({ id }) => id !== undefined).length);
          lines.cutOut(plans.flatMap(({ isCut }, index) => (isCut ? [index] : [])));
          const left = plans.filter(({ isCut }) => !isCut).map(({ one }) => one);
          expect(lines.count).toBe(left.length);
          expect(lines.bytes).toBe(
            Buffer.byteLength(left.map((one) => formatRecord(TIME, one)).join('')),
          );
          const expected = left.map((one) => formatRecord(time, one)).join('');
          expect(stampLines(lines, time).toString()).toBe(expected);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('grow, and are small again afterwards', () => {
    const lines = new RecordLines();
    const payload = `{"n":"${'x'.repeat(100_000)}"}`;
    for (let n = 0; n < 50; n++) lines.add({ payload });
    expect([lines.count, lines.bytes]).toEqual([50, 50 * formatRecord(TIME, { payload }).length]);
    expect(stampLines(lines, TIME).toString()).toBe(formatRecord(TIME, { payload }).repeat(50));
    lines.clear();
    expect([lines.count, lines.bytes, lines.idCount]).toEqual([0, 0, 0]);
    expect(lines.contents.length).toBeLessThan(10_000);
  });

  it('take no record that is none or too long, and keep what they have', () => {
    const lines = new RecordLines();
    lines.add({ payload: '{"n":1}' });
    const payload = `{"n":"${'x'.repeat(RECORD_BYTES_MAX - 20)}"}`;
    const source = Buffer.from(payload);
    const spans = { idStart: 0, idEnd: 0, payloadStart: 0, payloadEnd: source.length };
    expect(() => {
      lines.addBytes(source, spans);
    }).toThrow(TypeError);
    for (const broken of [{ payload }, { payload: '{}' }, { id: '\ud800', payload: '{"n":1}' }]) {
      expect(() => {
        assertRecord(broken);
      }).toThrow(TypeError);
      expect(() => {
        lines.add(broken);
      }).toThrow(TypeError);
    }
    expect(stampLines(lines, TIME).toString()).toBe(`{"timestamp":${TIME},"n":1}\n`);
  });
});
