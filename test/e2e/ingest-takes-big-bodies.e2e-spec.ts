import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import type { RunningApplication } from '../support/running-application.js';
import { storedRecords } from '../support/stored-records.js';
import { NDJSON, peakMemory, sendParts, startIngest } from './ingest-support.js';

/** Of one body, unpacked; `BIG_BODY_BYTES=5000000000` for one that no memory would hold. */
const BODY_BYTES = Number(process.env['BIG_BODY_BYTES'] ?? 300_000_000);
const PEAK_MAX = 250_000_000;
const LINES = 10_000;
const REJECTED = 500;

let application: RunningApplication;
let end: () => Promise<void>;
beforeAll(async () => void ({ application, end } = await startIngest()));
afterAll(() => end());

/** Lines with ids, of which only the first sending counts, and bad ones. */
function sameLines(prefix: string): string {
  const lines = Array.from({ length: LINES }, (_, i) =>
    i < REJECTED
      ? `{"userId":"bad","name":"add_revenue","value":-${i + 1}}\n`
      : `{"id":"${prefix}:${i}","userId":"user-${i % 100}","name":"add_revenue","value":${i}}\n`,
  );
  return lines.join('');
}

const FRESH = '{"userId":"fresh","name":"add_revenue","value":1}\n';

it.each([
  ['as it is', {}, (text: string) => Buffer.from(text)],
  ['gzipped', { 'Content-Encoding': 'gzip' }, (text: string) => gzipSync(text, { level: 1 })],
])(
  'takes a body that is longer than memory, %s, in flat memory',
  async (how, coding, pack) => {
    const before = (await storedRecords(application)).length;
    const text = sameLines(how);
    const rounds = Math.ceil(BODY_BYTES / text.length);
    // Members of gzip may follow each other, so packed parts are a body, too.
    const [same, fresh] = [pack(text), pack(FRESH)];
    function* body(): Generator<Buffer> {
      for (let round = 0; round < rounds; round += 1) yield* [same, fresh];
    }
    const begun = performance.now();
    const answer = await sendParts(application.serverUrl, { ...NDJSON, ...coding }, body());
    const seconds = (performance.now() - begun) / 1_000;
    const accepted = LINES - REJECTED + rounds;
    expect(answer.json).toMatchObject({
      accepted,
      duplicates: (LINES - REJECTED) * (rounds - 1),
      rejectedTotal: REJECTED * rounds,
    });
    expect(answer.json).not.toHaveProperty('stopped');
    expect(answer.status).toBe(207);
    expect((await storedRecords(application)).length - before).toBe(accepted);
    const peak = await peakMemory(application);
    const [megabytes, lines] = [(rounds * text.length) / 1e6, (LINES + 1) * rounds];
    const rate = `${(megabytes / seconds).toFixed(0)} MB/s, ${(lines / seconds).toFixed(0)} lines/s`;
    console.log(`${how}: ${megabytes.toFixed(0)} MB, ${rate}, peak ${(peak / 1e6).toFixed(0)} MB`);
    expect(peak).toBeLessThan(PEAK_MAX);
  },
  1_800_000,
);
