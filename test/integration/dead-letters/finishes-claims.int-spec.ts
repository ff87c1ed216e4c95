import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { resolveCorrections } from '../../../src/dead-letters/dead-letters.port.js';
import { DEAD_LOG, ResubmitBench, STORED, type Process } from './resubmit-bench.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };
const TEXT = JSON.stringify(EVENT);

let bench: ResubmitBench;
let here: Process;
beforeAll(async () => void (bench = await ResubmitBench.create()));
beforeEach(async () => {
  await bench.reset();
  here = await bench.process();
});
afterAll(() => bench.remove());

/** Claims as a crash right after the commit leaves them. */
async function leaveClaims(count: number, claimedBy = here.identity): Promise<void> {
  await bench.query(
    `insert into resubmissions (log_id, "offset", event, claimed_by)
     select $1, n, $2, $3 from generate_series(0, $4 - 1) as n`,
    [DEAD_LOG, TEXT, claimedBy, count],
  );
}
const sentPlaces = (): number[] =>
  here.requests.map(({ event }) => Number(String(event['id']).split(':').at(-1)));
const load = (offset: number): Promise<unknown> =>
  resolveCorrections(bench.harness.dataSource.manager, here.identity, [
    { deadLetter: { logId: DEAD_LOG, offset }, offset: 1_000 + offset, event: TEXT },
  ]);

describe('a claim that a crash left', () => {
  test('is sent by the process that owns its log, under the id of the dead letter', async () => {
    await leaveClaims(1);
    await bench.age(11);
    await here.finish.look();
    expect(here.requests).toMatchObject([
      {
        url: '/events',
        authorization: `Bearer ${here.secret}`,
        event: { id: `dead-letter:${DEAD_LOG}:0`, ...EVENT },
      },
    ]);
  });

  test('is left to whoever made it while it is young', async () => {
    await leaveClaims(1);
    await here.finish.look();
    expect(here.requests).toEqual([]);
  });

  test('is left alone when it is for another log, or loaded', async () => {
    await leaveClaims(2);
    await load(0);
    await bench.query(`update resubmissions set claimed_by = $1 where "offset" = 1`, [DEAD_LOG]);
    await bench.age(11);
    await here.finish.look();
    expect(here.requests).toEqual([]);
  });

  test('is one of many, all of which are sent in one look', async () => {
    await leaveClaims(250);
    await bench.age(11);
    await here.finish.look();
    expect(sentPlaces()).toEqual(Array.from({ length: 250 }, (_, place) => place));
  });

  test.each(['cut', 'DISK_FULL'])('waits while ingest takes nothing: %s', async (how) => {
    await leaveClaims(3);
    await bench.age(11);
    here.conduct = () =>
      how === 'cut' ? 'cut' : { status: 503, body: { code: how, detail: 'the disk is full' } };
    await here.finish.look();
    // One is enough to know.
    expect(here.requests).toHaveLength(1);
    expect(await bench.claims()).toHaveLength(3);
    here.conduct = () => STORED;
    await here.finish.look();
    expect(sentPlaces()).toEqual([0, 0, 1, 2]);
  });

  test.each([
    ['BODY_TOO_LARGE', 413],
    ['INVALID_VALUE', 400],
    ['ID_REUSED', 400],
  ])('does not hold up the others when it alone is refused: %s', async (code, status) => {
    await bench.storeLetter(0);
    await leaveClaims(250);
    await bench.query(`update dead_letters set state = 'claimed'`);
    await bench.age(11);
    const places = [0, 99, 100, 249].map((place) => `dead-letter:${DEAD_LOG}:${place}`);
    here.conduct = ({ id }) =>
      places.includes(String(id)) ? { status, body: { code, detail: 'this one' } } : STORED;
    await here.finish.look();
    expect(sentPlaces()).toEqual(Array.from({ length: 250 }, (_, place) => place));
    // Another process may have the event, and have said so: nothing is given back.
    expect([await bench.claims(), await bench.states()]).toMatchObject([
      { length: 250 },
      ['0 claimed'],
    ]);
  });

  test('is not sent any more once the process shuts down', async () => {
    await leaveClaims(3);
    await bench.age(11);
    here.conduct = () => {
      here.drain.begin();
      return STORED;
    };
    await here.finish.look();
    expect(here.requests).toHaveLength(1);
  });
});

describe('a look', () => {
  test('resolves a dead letter that was stored while another load resolved it unseen', async () => {
    const pool = await bench.harness.connect();
    const runner = pool.createQueryRunner();
    await runner.startTransaction();
    const correction = { deadLetter: { logId: DEAD_LOG, offset: 7 }, offset: 100, event: TEXT };
    await resolveCorrections(runner.manager, here.identity, [correction]);
    await bench.storeLetter(7);
    await bench.storeLetter(8);
    await runner.commitTransaction();
    await runner.release();
    expect(await bench.states()).toEqual(['7 open', '8 open']);
    await here.finish.look();
    expect(await bench.states()).toEqual(['7 resolved', '8 open']);
  });

  test('leaves damaged ranges to their reload', async () => {
    await bench.storeLetter(7, 'BLOCK_CORRUPT');
    await load(7);
    await here.finish.look();
    expect(await bench.states()).toEqual(['7 open']);
  });

  test('survives a database without tables', async () => {
    await bench.query('alter table resubmissions rename to gone');
    await here.finish.look();
    await bench.query('alter table gone rename to resubmissions');
    await leaveClaims(1);
    await bench.age(11);
    await here.finish.look();
    expect(here.requests).toHaveLength(1);
  });
});
