import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { resolveCorrections } from '../../../src/dead-letters/dead-letters.port.js';
import type { RevenueEvent } from '../../../src/shared/event/event.js';
import { Problem } from '../../../src/shared/http/problem.js';
import { DEAD_LOG, ResubmitBench, STORED, type Conduct, type Process } from './resubmit-bench.js';

const EVENT: RevenueEvent = { userId: 'Ünïcödé "x"', name: 'add_revenue', value: 4.32 };
const TEXT = '{"userId":"Ünïcödé \\"x\\"","name":"add_revenue","value":4.32}';
const ID = `dead-letter:${DEAD_LOG}:7`;

let bench: ResubmitBench;
let here: Process;
beforeAll(async () => void (bench = await ResubmitBench.create()));
beforeEach(async () => {
  await bench.reset();
  here = await bench.process();
});
afterAll(() => bench.remove());

async function problemOf(work: Promise<unknown>): Promise<Record<string, unknown>> {
  const error = await work.then(
    () => new Error('it did not refuse'),
    (reason: unknown) => reason,
  );
  if (!(error instanceof Problem)) throw error;
  return { status: error.getStatus(), ...(error.getResponse() as Record<string, unknown>) };
}

const load = (logId: string, offset: number, event = TEXT): Promise<ReadonlySet<number>> =>
  resolveCorrections(bench.harness.dataSource.manager, logId, [
    { deadLetter: { logId: DEAD_LOG, offset: 7 }, offset, event },
  ]);

describe('a corrected event', () => {
  test('is claimed before it is sent, under the id of its dead letter', async () => {
    const id = await bench.storeLetter();
    let claimsAtSending: Promise<unknown> = Promise.resolve([]);
    here.conduct = () => {
      claimsAtSending = bench.claims();
      return STORED;
    };
    expect(await here.resubmit.resubmit(id, EVENT)).toEqual({ id, state: 'claimed', event: EVENT });
    const claim = { offset: 7, event: TEXT, claimed_by: here.identity, loaded_log_id: null };
    expect(await claimsAtSending).toEqual([claim]);
    expect(here.requests).toEqual([
      { url: '/events', authorization: `Bearer ${here.secret}`, event: { id: ID, ...EVENT } },
    ]);
    expect(await bench.states()).toEqual(['7 claimed']);
  });

  test('may be sent again as it is: by the same process, and by another', async () => {
    const id = await bench.storeLetter();
    const other = await bench.process('other');
    await here.resubmit.resubmit(id, EVENT);
    here.conduct = () => ({ status: 202, body: { accepted: 0, duplicates: 1, rejected: [] } });
    for (const process of [here, other]) {
      expect((await process.resubmit.resubmit(id, EVENT)).state).toBe('claimed');
    }
    expect([here.requests.length, other.requests.length]).toEqual([2, 1]);
    expect(await bench.claims()).toMatchObject([{ claimed_by: other.identity }]);
  });

  test('keeps another one away, which hears of it', async () => {
    const id = await bench.storeLetter();
    await here.resubmit.resubmit(id, EVENT);
    const refused = await problemOf(here.resubmit.resubmit(id, { ...EVENT, value: 1 }));
    expect(refused).toMatchObject({ status: 409, code: 'DEAD_LETTER_CLAIMED', event: EVENT });
    expect(here.requests).toHaveLength(1);
    expect(await bench.claims()).toMatchObject([{ event: TEXT }]);
  });

  test.each(['the same', 'another'])('is not taken after one is loaded: %s', async (which) => {
    const id = await bench.storeLetter();
    await here.resubmit.resubmit(id, EVENT);
    await load(here.identity, 100);
    const again = which === 'the same' ? EVENT : { ...EVENT, value: 1 };
    const refused = await problemOf(here.resubmit.resubmit(id, again));
    expect(refused).toMatchObject({ status: 409, code: 'DEAD_LETTER_RESOLVED' });
    expect([here.requests.length, await bench.states()]).toEqual([1, ['7 resolved']]);
  });

  test('is not taken for a dead letter that is resolved, even if nobody knows by what', async () => {
    const id = await bench.storeLetter();
    await bench.query(`update dead_letters set state = 'resolved' where id = $1`, [id]);
    const refused = await problemOf(here.resubmit.resubmit(id, EVENT));
    expect(refused).toMatchObject({ status: 409, code: 'DEAD_LETTER_RESOLVED' });
    expect([here.requests, await bench.claims()]).toEqual([[], []]);
  });

  test.each(['BLOCK_CORRUPT', 'BLOCK_MISSING'])(
    'is not taken for a range, whose reload is pointed to: %s',
    async (code) => {
      const id = await bench.storeLetter(7, code);
      const refused = await problemOf(here.resubmit.resubmit(id, EVENT));
      expect(refused).toMatchObject({ status: 409, code: 'DEAD_LETTER_IS_RANGE' });
      expect(refused['detail']).toContain('npm run log -- reload --from 7 --to 8');
      expect([here.requests, await bench.claims()]).toEqual([[], []]);
    },
  );

  test('is taken for a line that was too long to be a record', async () => {
    const id = await bench.storeLetter(7, 'RECORD_TOO_LONG');
    expect((await here.resubmit.resubmit(id, EVENT)).state).toBe('claimed');
  });

  test('is not taken for a dead letter that nobody knows', async () => {
    const refused = await problemOf(here.resubmit.resubmit('999999', EVENT));
    expect(refused).toMatchObject({ status: 404, code: 'DEAD_LETTER_UNKNOWN' });
  });

  test('is claimed once by two processes with two events at the same time', async () => {
    const other = await bench.process('other');
    for (let round = 0; round < 10; round++) {
      const id = await bench.storeLetter(1_000 + round);
      const ends = await Promise.allSettled([
        here.resubmit.resubmit(id, EVENT),
        other.resubmit.resubmit(id, { ...EVENT, value: 1 }),
      ]);
      expect(ends.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    }
    expect(here.requests.length + other.requests.length).toBe(10);
  });
});

const problem = (status: number, code: string): Conduct => ({
  status,
  body: { status, code, detail: 'because', retryAfter: 3 },
});

describe('a claim', () => {
  test.each([
    ['DISK_FULL', 503],
    ['LOG_UNAVAILABLE', 503],
    ['BACKLOG_FULL', 503],
    ['LOG_CLOSED', 503],
    ['QUEUE_FULL', 429],
    ['BODY_TOO_LARGE', 413],
  ])(
    'is given back when ingest refuses, and the refusal is passed on: %s',
    async (code, status) => {
      const id = await bench.storeLetter();
      here.conduct = () => problem(status, code);
      const refused = await problemOf(here.resubmit.resubmit(id, EVENT));
      expect(refused).toMatchObject({ status, code, retryAfter: 3 });
      expect(refused['detail']).toContain('because');
      expect([await bench.claims(), await bench.states()]).toEqual([[], ['7 open']]);
      here.conduct = () => STORED;
      const another = { ...EVENT, value: 1 };
      expect(await here.resubmit.resubmit(id, another)).toMatchObject({ event: another });
    },
  );

  test('is given back when the log has another event for the dead letter already', async () => {
    const id = await bench.storeLetter();
    here.conduct = () => problem(400, 'ID_REUSED');
    const refused = await problemOf(here.resubmit.resubmit(id, EVENT));
    expect(refused).toMatchObject({ status: 409, code: 'DEAD_LETTER_CLAIMED' });
    expect([await bench.claims(), await bench.states()]).toEqual([[], ['7 open']]);
  });

  test.each<[string, Conduct]>([
    ['a cut connection', 'cut'],
    ['an error within', problem(500, 'INTERNAL_ERROR')],
    ['a time-out', problem(408, 'REQUEST_TIMEOUT')],
    ['a gateway', problem(502, 'BAD_GATEWAY')],
    ['a page that is no JSON', { status: 503, body: '<html>' }],
    ['a refusal without a code', { status: 400, body: {} }],
    ['counts that do not add up', { status: 202, body: { accepted: 0, duplicates: 0 } }],
    ['a redirect', { status: 307, body: {} }],
  ])('stays where nobody knows whether the event is stored: %s', async (_what, conduct) => {
    const id = await bench.storeLetter();
    here.conduct = () => conduct;
    expect((await here.resubmit.resubmit(id, EVENT)).state).toBe('claimed');
    expect(await bench.claims()).toMatchObject([{ event: TEXT, claimed_by: here.identity }]);
    expect(await bench.states()).toEqual(['7 claimed']);
  });

  test('stays when the listener cannot be reached, and when the process shuts down', async () => {
    const id = await bench.storeLetter();
    const deaf = await bench.process('deaf', false);
    expect((await deaf.resubmit.resubmit(id, EVENT)).state).toBe('claimed');
    here.conduct = () => {
      here.drain.begin();
      return 'hold';
    };
    expect((await here.resubmit.resubmit(id, EVENT)).state).toBe('claimed');
    expect(await bench.claims()).toMatchObject([{ claimed_by: here.identity }]);
  });

  test('that was made anew is not given back by the one before', async () => {
    const id = await bench.storeLetter();
    const other = await bench.process('other');
    here.conduct = async () => {
      await other.resubmit.resubmit(id, EVENT);
      return problem(503, 'DISK_FULL');
    };
    expect(await problemOf(here.resubmit.resubmit(id, EVENT))).toMatchObject({ status: 503 });
    expect(await bench.claims()).toMatchObject([{ claimed_by: other.identity }]);
    expect(await bench.states()).toEqual(['7 claimed']);
  });

  test.each([
    ['DISK_FULL', 503, 503],
    ['BODY_TOO_LARGE', 413, 413],
    ['ID_REUSED', 400, 409],
  ])(
    'stays when another process has stored its event, and one that refuses is asked for the same: %s',
    async (code, status, answered) => {
      const id = await bench.storeLetter();
      const other = await bench.process('other');
      await other.resubmit.resubmit(id, EVENT);
      here.conduct = () => problem(status, code);
      const refused = await problemOf(here.resubmit.resubmit(id, EVENT));
      expect(refused).toMatchObject({ status: answered });
      expect([other.requests.length, here.requests.length]).toEqual([1, 1]);
      expect(await bench.claims()).toMatchObject([{ event: TEXT, loaded_log_id: null }]);
      expect(await bench.states()).toEqual(['7 claimed']);
      // What was acknowledged is the one that counts, so no other one may be.
      here.conduct = () => STORED;
      const another = await problemOf(here.resubmit.resubmit(id, { ...EVENT, value: 1 }));
      expect(another).toMatchObject({ status: 409, code: 'DEAD_LETTER_CLAIMED', event: EVENT });
    },
  );

  test('is not given back once an event is loaded', async () => {
    const id = await bench.storeLetter();
    here.conduct = async () => {
      await load(DEAD_LOG, 100);
      return problem(503, 'DISK_FULL');
    };
    expect(await problemOf(here.resubmit.resubmit(id, EVENT))).toMatchObject({ status: 503 });
    expect(await bench.claims()).toMatchObject([{ loaded_log_id: DEAD_LOG }]);
    expect(await bench.states()).toEqual(['7 resolved']);
  });
});
