import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { reloadRange } from '../../../src/processor/processor.port.js';
import { START_OF_LOG } from '../../../src/staging-log/staging-log.port.js';
import { verifyBalances, type Verification } from '../../../src/verify/verify.port.js';
import { DamagedReader, type Damage } from '../processor/damaged-reader.js';
import { LoadHarness } from '../processor/load-harness.js';
import { seededRandom, testSeed } from '../../support/seeded-random.js';

const ROUNDS = 12;
const USERS = ['abc', 'Ärger', '\u{1F600}', '\uFFFD', '__proto__', 'a"b'];

interface Line {
  readonly start: number;
  readonly bytes: string;
  /** In millionths; null when the line is no event. */
  readonly change: readonly [userId: string, amount: bigint] | null;
}

describe('whatever is damaged, restored and reloaded, and whenever', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  afterAll(() => harness.remove());

  const seed = testSeed();
  test.each(Array.from({ length: ROUNDS }, (_, round) => seed + round))(
    'balances are the sums of what was read, and verify says so (SEED=%d)',
    async (roundSeed) => {
      const random = seededRandom(roundSeed);
      await harness.reset();
      const lines = randomLines(random, 200);
      const log = new DamagedReader(
        await harness.openLogWith(lines.map(({ bytes }) => bytes).join('')),
      );
      const damage = randomDamage(random, lines);
      log.damage = damage;
      const usersMax = random() < 0.5 ? 1 : 1_000;
      await harness.processor(log, { bounds: { usersMax, readMsMax: 60_000 } }).runOnce();

      const isIn = ({ start }: Line): boolean =>
        damage.some((r) => r.from <= start && start < r.to);
      const outside = lines.filter((line) => !isIn(line));
      await expectExact(log, outside, damage.length);
      log.damage = [];
      await expectExact(log, outside, damage.length);

      // Only some are restored at first: whoever asks for all of them is refused.
      const [damaged, restored] = split(damage, random);
      log.damage = damaged;
      if (damaged.length > 0) {
        expect(await reload(log)).toMatchObject({ kind: 'still-damaged' });
        await expectExact(log, outside, damage.length);
      }
      for (const { from, to } of restored) {
        expect(await reload(log, from, to)).toMatchObject({ kind: 'reloaded' });
      }
      const still = (line: Line): boolean =>
        damaged.some((r) => r.from <= line.start && line.start < r.to);
      const reloaded = lines.filter((line) => !still(line));
      await expectExact(log, reloaded, damaged.length);

      log.damage = [];
      await reload(log);
      await expectExact(log, lines, 0);
      expect(await reload(log)).toEqual({ kind: 'nothing-to-reload' });
      await expectExact(log, lines, 0);
    },
  );

  const reload = (
    log: DamagedReader,
    from: number = START_OF_LOG,
    to = log.endOffset() as number,
  ) =>
    reloadRange({
      dataSource: harness.dataSource,
      log,
      dataDir: harness.directory,
      from: from as typeof START_OF_LOG,
      to: to as typeof START_OF_LOG,
    });

  async function expectExact(
    log: DamagedReader,
    lines: readonly Line[],
    quarantined: number,
  ): Promise<void> {
    const verification: Verification = await verifyBalances({
      dataSource: harness.dataSource,
      log,
      dataDir: harness.directory,
      refresh: () => Promise.resolve(),
      onProgress: () => undefined,
      usersMax: 2,
    });
    const poison = lines.filter(({ change }) => change === null).length;
    expect(verification).toMatchObject({
      kind: 'exact',
      events: { inLog: lines.length - poison },
      deadLetters: { inLog: poison + quarantined },
    });
    const sums = new Map<string, bigint>();
    for (const { change } of lines) {
      if (change !== null) sums.set(change[0], (sums.get(change[0]) ?? 0n) + change[1]);
    }
    const rows = await harness.dataSource.query<{ user_id: string; micros: string }[]>(
      'select user_id, trim_scale(revenue * 1000000)::text as micros from users_revenue',
    );
    const found = Object.fromEntries(rows.map((row) => [row.user_id, row.micros]));
    expect(found).toEqual(Object.fromEntries(Array.from(sums, ([id, sum]) => [id, String(sum)])));
  }
});

function randomLines(random: () => number, count: number): Line[] {
  const lines: Line[] = [];
  let start = 0;
  for (let index = 0; index < count; index++) {
    const line = { start, ...randomLine(random) };
    lines.push(line);
    start += Buffer.byteLength(line.bytes);
  }
  return lines;
}

function randomLine(random: () => number): Omit<Line, 'start'> {
  if (random() < 0.1) return { bytes: random() < 0.5 ? '\n' : 'poison\n', change: null };
  const userId = USERS[Math.floor(random() * USERS.length)] ?? '';
  const micros = Math.floor(random() * 10 ** 9);
  const name = random() < 0.4 ? 'subtract_revenue' : 'add_revenue';
  const record = { timestamp: 1_763_800_000_000, userId, name, value: micros / 10 ** 6 };
  const amount = BigInt(micros) * (name === 'add_revenue' ? 1n : -1n);
  return { bytes: `${JSON.stringify(record)}\n`, change: [userId, amount] };
}

/** Ranges that begin and end where lines do, some of them side by side. */
function randomDamage(random: () => number, lines: readonly Line[]): Damage[] {
  const damage: Damage[] = [];
  for (let index = 0; index < lines.length - 12;) {
    index += Math.floor(random() * 30);
    const length = 1 + Math.floor(random() * 10);
    const [from, to] = [lines[index]?.start, lines[index + length]?.start];
    if (from !== undefined && to !== undefined) damage.push({ from, to });
    index += length;
  }
  return damage;
}

function split(damage: readonly Damage[], random: () => number): [Damage[], Damage[]] {
  const [first, second]: [Damage[], Damage[]] = [[], []];
  for (const range of damage) (random() < 0.5 ? first : second).push(range);
  return [first, second];
}
