import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import {
  API_KEYS,
  CORRECTED,
  POISON,
  PoisonedApplication,
} from '../support/poisoned-application.js';
import { queryDatabase } from '../support/query-database.js';
import { temporaryDirectory } from '../support/running-application.js';
import { postEvents, sendRequest } from '../support/send-request.js';

/** At most once a year, so not while a test runs. */
const NEVER = '0 0 0 29 2 *';

describe('a poison line in the log', () => {
  let bench: PoisonedApplication;
  beforeAll(async () => void (bench = await PoisonedApplication.create()));
  afterAll(() => bench.remove());

  it('harms no event around it, and is listed with its reason, its place and its text', async () => {
    expect(await bench.revenue()).toBe('100');
    const letters = await bench.list('?state=open');
    expect(letters).toMatchObject([
      { code: 'VALUE_NOT_A_NUMBER', raw: `${POISON[0]}\n`, truncated: false, state: 'open' },
      { code: 'INVALID_JSON', raw: 'not an event\n', length: 13, truncated: false },
      { code: 'RECORD_TOO_LONG', truncated: true, length: (POISON[2]?.length ?? 0) + 1 },
    ]);
    expect((await bench.status()).deadLetters).toBe(3);
  });

  it('is corrected by whoever resubmits it, and counts once', async () => {
    const [id] = await bench.ids();
    const answer = await bench.resubmit(id, CORRECTED);
    expect(answer.status).toBe(202);
    expect(answer.json).toEqual({ id, state: 'claimed', event: CORRECTED });
    await bench.untilResolved(id);
    expect(await bench.revenue()).toBe('532');
    const { json } = await bench.get(`/deadLetters/${id}`);
    expect(json.resubmission).toMatchObject({
      event: CORRECTED,
      loaded: { logId: json.logId, offset: expect.any(Number) },
    });
    const [record] = await bench.corrections();
    expect(record).toMatchObject({ id: `dead-letter:${json.logId}:${json.offset}`, ...CORRECTED });
    expect(await bench.status()).toMatchObject({
      deadLetters: 2,
      checkpoint: { events: 2 },
    });
  });

  it('is not corrected twice', async () => {
    const [id] = await bench.ids();
    for (const event of [CORRECTED, { ...CORRECTED, value: 1 }]) {
      const answer = await bench.resubmit(id, event);
      expect([answer.status, answer.json.code]).toEqual([409, 'DEAD_LETTER_RESOLVED']);
    }
    expect(await bench.corrections()).toHaveLength(1);
  });

  it('is corrected even when it was too long to be a record', async () => {
    const [, , id] = await bench.ids();
    expect((await bench.resubmit(id, { ...CORRECTED, userId: 'long' })).status).toBe(202);
    await bench.untilResolved(id);
    expect(await bench.revenue('long')).toBe('432');
  });

  it('is not corrected by a sender who takes its id', async () => {
    const [, id] = await bench.ids();
    const { logId, offset } = (await bench.get(`/deadLetters/${id}`)).json;
    const taken = { id: `dead-letter:${logId}:${offset}`, ...CORRECTED };
    const answer = await postEvents(bench.url, taken);
    expect([answer.status, answer.json.code]).toEqual([400, 'ID_RESERVED']);
    const some = await postEvents(bench.url, [taken, { ...CORRECTED, userId: 'bob' }]);
    expect([some.status, some.json.accepted]).toEqual([207, 1]);
    expect(some.json.rejected).toMatchObject([{ index: 0, code: 'ID_RESERVED' }]);
    expect(await bench.corrections()).toHaveLength(2);
  });

  it.each([
    ['an id', { id: 'mine', ...CORRECTED }, 'PROPERTY_UNKNOWN'],
    ['an id that is none', { id: 7, ...CORRECTED }, 'PROPERTY_UNKNOWN'],
    ['a property that nobody knows', { ...CORRECTED, currency: 'EUR' }, 'PROPERTY_UNKNOWN'],
    ['a time', { timestamp: 1, ...CORRECTED }, 'PROPERTY_UNKNOWN'],
    ['the same mistake', { ...CORRECTED, value: '432' }, 'VALUE_NOT_A_NUMBER'],
    ['a list', [CORRECTED], 'EVENT_NOT_AN_OBJECT'],
    ['nothing', null, 'EVENT_NOT_AN_OBJECT'],
  ])('is not corrected by an event with %s', async (_what, event, code) => {
    const [, id] = await bench.ids();
    const answer = await bench.resubmit(id, event);
    expect([answer.status, answer.json.code]).toEqual([400, code]);
    expect((await bench.get(`/deadLetters/${id}`)).json.resubmission).toBeNull();
  });

  it('is not corrected from another site, or in another media type', async () => {
    const [, id] = await bench.ids();
    const crossed = await bench.resubmit(id, CORRECTED, { 'Sec-Fetch-Site': 'cross-site' });
    expect([crossed.status, crossed.json.code]).toEqual([403, 'CROSS_SITE_REQUEST']);
    const typed = await bench.resubmit(id, CORRECTED, { 'Content-Type': 'text/plain' });
    expect(typed.status).toBe(415);
    expect(await bench.list('?state=open')).toMatchObject([{ id }]);
  });

  it.each([
    ['999999', 404, 'DEAD_LETTER_UNKNOWN'],
    ['abc', 400, 'REQUEST_INVALID'],
    ['9'.repeat(30), 400, 'REQUEST_INVALID'],
  ])('is asked for by an id, which may be unknown, or none: %s', async (id, status, code) => {
    const answer = await bench.resubmit(id, CORRECTED);
    expect([answer.status, answer.json.code]).toEqual([status, code]);
  });
});

describe('a claim that was cut off by kill -9', () => {
  let bench: PoisonedApplication;
  beforeAll(async () => void (bench = await PoisonedApplication.create({ API_KEYS })));
  afterAll(() => bench.remove());

  it('is sent by the next start, with keys configured, and counts once', async () => {
    const [first, second] = await bench.list();
    await bench.application.kill();
    // As the crash leaves them: committed, and never sent.
    for (const letter of [first, second]) {
      await queryDatabase(
        bench.database.url,
        `insert into resubmissions (log_id, "offset", event, claimed_by, claimed_at)
         select log_id, "offset", '${JSON.stringify(CORRECTED)}', log_id, now() - interval '1 minute'
           from dead_letters where id = ${String(letter?.['id'])}`,
      );
    }
    await bench.start();
    for (const letter of [first, second]) await bench.untilResolved(String(letter?.['id']));
    expect(await bench.revenue()).toBe('964');
    expect(await bench.corrections()).toHaveLength(2);
  });

  it('is sent again when it was sent before the crash, and counts once all the same', async () => {
    const id = (await bench.ids())[2];
    await bench.application.kill();
    await bench.start({ LOAD_CRON: NEVER });
    expect((await bench.resubmit(id, { ...CORRECTED, value: 1 })).status).toBe(202);
    await bench.application.kill();
    await queryDatabase(
      bench.database.url,
      `update resubmissions set claimed_at = now() - interval '1 minute'`,
    );
    await bench.start();
    await bench.untilResolved(id);
    expect(await bench.revenue()).toBe('965');
    expect(await bench.corrections()).toHaveLength(3);
  });
});

describe('with keys', () => {
  let bench: PoisonedApplication;
  let directory: string;
  beforeAll(async () => {
    directory = await temporaryDirectory();
    bench = await PoisonedApplication.create({
      API_KEYS,
      EVENTS_FILE: join(directory, 'events.jsonl'),
    });
  });
  afterAll(() => bench.remove());

  it.each(['ingest', 'read'] as const)('the scope %s does not resubmit', async (scope) => {
    const [id] = await bench.ids();
    const answer = await bench.resubmit(id, CORRECTED, bench.headers(scope));
    expect([answer.status, answer.json.code]).toEqual([403, 'SCOPE_MISSING']);
  });

  it('no key neither reads nor resubmits', async () => {
    const [id] = await bench.ids();
    expect((await bench.resubmit(id, CORRECTED, {})).status).toBe(401);
    for (const path of ['/deadLetters', `/deadLetters/${id}`]) {
      expect((await sendRequest(bench.url, path)).status).toBe(401);
    }
  });

  it('the scope admin resubmits, though the ingest asks for a key', async () => {
    const [id] = await bench.ids();
    expect((await bench.resubmit(id, CORRECTED)).status).toBe(202);
    await bench.untilResolved(id);
    expect(await bench.revenue()).toBe('532');
  });

  it('a file of events cannot take the id of a dead letter, though this process sends it', async () => {
    const { logId, offset } = (await bench.list('?state=open'))[0] ?? {};
    const taken = { id: `dead-letter:${String(logId)}:${String(offset)}`, ...CORRECTED };
    await writeFile(join(directory, 'events.jsonl'), `${JSON.stringify(taken)}\n`);
    const { json } = await sendRequest(bench.application.clientUrl, '/generateEvents', {
      headers: bench.headers('admin'),
    });
    expect(json).toMatchObject({ read: 1, accepted: 0, invalid: [{ code: 'ID_RESERVED' }] });
    expect(await bench.corrections()).toHaveLength(1);
  });
});
