import type { LocalStagingLog } from '../../src/staging-log/local-staging-log.js';
import type { DamageBench } from './damage-bench.js';
import { assertSame, balancesOf, eventOf, readWhole, type ReadLog } from './damage-reading.js';
import { accepting, appendAll } from './staging-log-reading.js';

const TRIES = 50;

/** Tries until it works: whatever made it fail does not last. */
async function insist<T>(attempt: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries++) {
    try {
      return await attempt();
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      const isOfSystem = code !== undefined && /^E[A-Z]+$/.test(code);
      if (tries === TRIES || !isOfSystem) throw error;
    }
  }
}

/** Sends an event until the log has it, as a sender does that gets 503. */
async function send(log: LocalStagingLog, n: number): Promise<void> {
  let refusals = 0;
  for (;;) {
    const result = await log.append([eventOf(n)]);
    if (result.kind === 'durable') {
      // Only one that was refused may have got there all the same.
      if (refusals === 0) assertSame('outcome', result.outcomes, ['appended']);
      return;
    }
    refusals += 1;
    if (result.code !== 'LOG_UNAVAILABLE') throw new Error(result.code);
    if (refusals === TRIES) throw new Error(`still refused: ${result.message}`);
    await accepting(log);
  }
}

/** A life of a log in which calls fail: each event sent until it is acknowledged, over rotations and a restart. */
export async function liveThrough(
  bench: DamageBench,
  eventsPerLife: readonly number[],
): Promise<void> {
  let sent = 0;
  for (const events of eventsPerLife) {
    const log = await insist(() => bench.open());
    for (const end = sent + events; sent < end; sent++) await send(log, sent);
    await insist(async () => assertAllThere(await readWhole(log), sent));
    await log.close();
    bench.assertAllClosed();
  }
}

/** When nothing fails any more: each event once, none damaged; all ids known, and nothing open at the end. */
export async function proveLife(bench: DamageBench, events: number): Promise<void> {
  const log = await bench.open();
  try {
    assertAllThere(await readWhole(log), events);
    const all = Array.from({ length: events }, (_, n) => eventOf(n));
    assertSame('sent again', new Set(await appendAll(log, ...all)), new Set(['duplicate']));
    assertSame('balances', [...(await readWhole(log)).balances], [...balancesOf(all)]);
  } finally {
    await log.close();
  }
  bench.assertAllClosed();
}

/** In the order of sending, since each waited for the one before. */
function assertAllThere(found: ReadLog, events: number): void {
  const ids = [...found.lines.values()].map((line) => (JSON.parse(line) as { id: string }).id);
  assertSame('damage', found.damaged, []);
  assertSame(
    'events',
    ids,
    Array.from({ length: events }, (_, n) => eventOf(n).id),
  );
}
