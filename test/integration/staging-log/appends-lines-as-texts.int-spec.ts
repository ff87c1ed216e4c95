/**
 * Appending lines is appending texts: two logs with one clock get the same random calls, some of them at once, one
 * log as texts and the other one as lines. Their bytes and their answers must be the same.
 */
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import type { NewRecord } from '../../../src/staging-log/staging-log.port.js';
import { appendAsLines } from '../../support/staging-log-lines.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

const SEGMENT_BYTES_MAX = 2 ** 40;

const id = fc.oneof(
  { weight: 5, arbitrary: fc.nat(40).map((n) => `id ${n}`) },
  { weight: 2, arbitrary: fc.constantFrom('', '"', '\\', 'é', '€', '😀', '\n', 'x'.repeat(600)) },
);
const record: fc.Arbitrary<NewRecord> = fc
  .record({
    id: fc.option(id, { nil: undefined }),
    n: fc.nat(1),
    fill: fc.string({ unit: 'binary' }),
  })
  .map(({ id: one, n, fill }) => ({
    ...(one === undefined ? {} : { id: one }),
    payload: JSON.stringify(n === 0 ? { n } : { n, fill }),
  }));
const calls = fc.array(fc.array(record, { maxLength: 12, size: 'max' }), { maxLength: 4 });

let benches: StagingLogWorkbench[];
let logs: LocalStagingLog[];

beforeEach(async () => {
  const create = (): Promise<StagingLogWorkbench> =>
    StagingLogWorkbench.create({ segmentBytesMax: SEGMENT_BYTES_MAX, dedupeIdsMax: 20 });
  benches = await Promise.all([create(), create()]);
  logs = await Promise.all(benches.map((bench) => bench.open()));
});

afterEach(async () => {
  for (const bench of benches) await bench.remove();
});

it('gives the same bytes and the same answers, whatever the records', async () => {
  const [texts, lines] = logs as [LocalStagingLog, LocalStagingLog];
  let now = 1_763_800_000_000;
  const seen = new Set<string>();
  await fc.assert(
    fc.asyncProperty(calls, async (batches) => {
      now += 1;
      for (const bench of benches) bench.now = now;
      const one = await Promise.all(batches.map((records) => texts.append(records)));
      const other = await Promise.all(batches.map((records) => appendAsLines(lines, records)));
      expect(other).toEqual(one);
      for (const answer of one) {
        for (const outcome of answer.kind === 'durable' ? answer.outcomes : []) seen.add(outcome);
      }
      expect(lines.endOffset()).toBe(texts.endOffset());
    }),
    { numRuns: 400, endOnFailure: true },
  );
  expect(seen).toEqual(new Set(['appended', 'duplicate', 'id-reused']));
  const [one, other] = await Promise.all(benches.map(({ segment }) => readFile(segment)));
  expect(other?.equals(one ?? Buffer.alloc(0))).toBe(true);
}, 60_000);
