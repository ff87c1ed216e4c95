import { describe, expect, test } from '@jest/globals';
import { deltasOf, hourDeltasOf, userHourDeltasOf } from '../../../test/support/fold-bytes.js';
import { quickRandom } from '../../../test/support/quick-random.js';
import { ReferenceFold } from '../../../test/support/reference-fold.js';
import { SampleLines, type LineMix } from '../../../test/support/sample-lines.js';
import { testSeed } from '../../../test/support/seeded-random.js';
import { Fold } from './fold-records.js';
import { createFoldWindow, type FoldWindow } from './fold-window.js';

const LINES = Number(process.env['FOLD_LINES'] ?? 1_000_000);
const TIMEOUT_MS = 180_000 + LINES / 5;
const WINDOW_BYTES = 1024 * 1024;
const WINDOWS_A_FOLD = 6;
const CROWD_WINDOWS = 7;
/** One byte that is not UTF-8 sends all that is not ASCII in its window to the codec, so some windows have none. */
const MIXES: readonly LineMix[] = [
  { foreign: 0, mutated: 0, odd: 0 },
  { foreign: 0, mutated: 0.3, odd: 0.1 },
  { foreign: 0.5, mutated: 0, odd: 0 },
  { foreign: 0.3, mutated: 0, odd: 0.2 },
  { foreign: 0.3, mutated: 0.001, odd: 0.02 },
  { foreign: 0.5, mutated: 0.5, odd: 0.2 },
];

/** Random windows of random lines, folded both ways. */
class Trial {
  lines = 0;
  /** Of the largest table, in bytes. */
  largest = 0;
  mostHours = 0;
  foldsByHour = 0;
  private readonly samples: SampleLines;
  /** Used for all of them: what a window held before must not matter. */
  private readonly window: FoldWindow = createFoldWindow(WINDOW_BYTES);

  constructor(private readonly random: () => number) {
    this.samples = new SampleLines(random);
  }

  /** Answers with what differs, or null. */
  foldSome(): { readonly found: unknown; readonly expected: unknown } | null {
    const [fold, reference] = [new Fold(this.random() < 0.4), new ReferenceFold()];
    // With so many users that amounts are put off, to be added 64 at a time.
    const crowds = this.random() < 0.1 ? CROWD_WINDOWS : 0;
    for (let count = 0; count < crowds + WINDOWS_A_FOLD; count++) {
      const length = count < crowds ? this.fillCrowd() : this.fill();
      const expected = reference.add(this.window.bytes.subarray(0, length));
      const found = fold.add(this.window, length);
      if (JSON.stringify(found) !== JSON.stringify(expected)) return { found, expected };
      const counts = { events: fold.events, users: fold.users };
      const users = fold.byHour ? reference.hoursOfUsers : reference.users;
      if (counts.events !== reference.events || counts.users !== users) {
        return { found: counts, expected: { events: reference.events, users } };
      }
    }
    this.largest = Math.max(this.largest, fold.table.bytes);
    this.mostHours = Math.max(this.mostHours, fold.hours.hours);
    this.foldsByHour += fold.byHour ? 1 : 0;
    const byHour = fold.byHour ? userHourDeltasOf(fold) : new Map<string, string>();
    return (
      difference(byHour, fold.byHour ? reference.userHourDeltas() : new Map<string, string>()) ??
      difference(deltasOf(fold), reference.deltas()) ??
      difference(hourDeltasOf(fold), reference.hourDeltas())
    );
  }

  /** Answers with the length of whole lines in the window. */
  private fill(): number {
    const { bytes } = this.window;
    const mix = this.samples.pick(MIXES);
    const size = this.random() * this.samples.pick([300, 10_000, WINDOW_BYTES]);
    let at = this.random() < 0.02 ? this.fillLongLine(mix) : 0;
    while (at < size) {
      const line = this.samples.next(mix);
      const length = Buffer.byteLength(line);
      if (at + length >= WINDOW_BYTES) break;
      at += typeof line === 'string' ? bytes.write(line, at) : line.copy(bytes, at);
      this.lines += 1;
    }
    if (at === 0 || bytes[at - 1] !== 0x0a) bytes[at++] = 0x0a;
    return at;
  }

  private fillCrowd(): number {
    const { bytes } = this.window;
    let at = 0;
    while (at < WINDOW_BYTES - 200) {
      const user = `crowd-${(this.random() * 100_000) | 0}`;
      const value = (this.random() * 1_000) | 0;
      at += bytes.write(
        `{"timestamp":1763800000000,"userId":"${user}","name":"add_revenue","value":${value}.5}\n`,
        at,
      );
      this.lines += 1;
    }
    return at;
  }

  private fillLongLine(mix: LineMix): number {
    const good = this.samples.good(mix);
    const filler = this.samples.pick(['x', ' ', '[', '1', '€']);
    const room = (WINDOW_BYTES - 2 * Buffer.byteLength(good)) / Buffer.byteLength(filler);
    const long = filler.repeat(Math.floor(this.random() * room));
    const at = Math.floor(this.random() * good.length);
    return this.window.bytes.write(`${good.slice(0, at)}${long}${good.slice(at)}\n`);
  }
}

function difference(
  found: ReadonlyMap<string, string>,
  expected: ReadonlyMap<string, string>,
): { readonly found: unknown; readonly expected: unknown } | null {
  for (const [key, delta] of expected) {
    const other = found.get(key);
    if (other !== delta) return { found: [key, other], expected: [key, delta] };
  }
  return found.size === expected.size ? null : { found: found.size, expected: expected.size };
}

describe('the fold of bytes', () => {
  test(
    `gives what JSON.parse and the codec give, on ${LINES} lines, good ones and mutated ones`,
    () => {
      const seed = testSeed();
      Error.stackTraceLimit = 0; // a fifth of the lines are refused with an error of JSON.parse
      const trial = new Trial(quickRandom(seed));
      while (trial.lines < LINES) {
        const different = trial.foldSome();
        if (different === null) continue;
        const { found, expected } = different;
        expect({ SEED: seed, lines: trial.lines, found }).toEqual({
          ...{ SEED: seed, lines: trial.lines, found: expected },
        });
      }
      expect(trial.lines).toBeGreaterThanOrEqual(LINES);
      expect(trial.largest).toBeGreaterThan(2 * 1024 * 1024);
      expect(trial.mostHours).toBeGreaterThan(10);
      expect(trial.foldsByHour).toBeGreaterThan(1);
    },
    TIMEOUT_MS,
  );
});
