import { afterEach, describe, expect, it } from '@jest/globals';
import {
  closeListener,
  listenToEvents as listen,
  REFUSED,
} from '../../test/support/events-listener.js';

const EVENT = '{"userId":"abc123","name":"add_revenue","value":432}';
const NDJSON = 'application/x-ndjson';

afterEach(closeListener);

describe('The tally of events', () => {
  it('has each code from the beginning', async () => {
    const { tally } = await listen();
    expect([...tally.rejected.values(), ...tally.refused.values()].every((n) => n === 0)).toBe(
      true,
    );
    expect([...tally.rejected.keys()]).toContain('ID_REUSED');
    expect([...tally.refused.keys()]).toEqual(
      expect.arrayContaining(['RATE_LIMITED', 'QUEUE_FULL', 'BODIES_FULL', 'OTHER']),
    );
  });

  it.each([
    ['application/json', EVENT, 1],
    ['application/json', ` ${EVENT.replace(':', ' : ')}`, 1],
    ['application/json', `[${EVENT},${EVENT}]`, 2],
    [NDJSON, `${EVENT}\n`.repeat(3), 3],
  ])('counts what is durable, of %s: %s', async (contentType, body, events) => {
    const { log, post, tally } = await listen();
    const answer = post(body, contentType);
    await log.asked(1);
    expect(tally.accepted).toBe(0);
    log.held[0]!.end();
    await answer;
    expect(tally).toMatchObject({ accepted: events, duplicates: 0, bodyBytes: body.length });
    expect(tally.requests[contentType === NDJSON ? 'ndjson' : 'json']).toBe(1);
  });

  it('counts duplicates, and ids that were used again, as the log finds them', async () => {
    const { log, post, tally } = await listen();
    const answer = post(`[${EVENT},${EVENT},${EVENT}]`);
    await log.asked(1);
    log.held[0]!.end({ kind: 'durable', outcomes: ['appended', 'duplicate', 'id-reused'] });
    await answer;
    expect(tally).toMatchObject({ accepted: 1, duplicates: 1 });
    expect(tally.rejected.get('ID_REUSED')).toBe(1);
  });

  it('counts each rejected event by its code, those that no answer names, too', async () => {
    const { post, tally } = await listen();
    await post(`${'{}\n'.repeat(9)}${'[]\n'.repeat(5)}`, NDJSON);
    expect(tally.rejected.get('USER_ID_MISSING')).toBe(9);
    expect(tally.rejected.get('EVENT_NOT_AN_OBJECT')).toBe(5);
    await post('{}');
    expect(tally.rejected.get('USER_ID_MISSING')).toBe(10);
  });

  it('counts no event of a commit that failed', async () => {
    const { log, post, tally } = await listen();
    for (const contentType of ['application/json', NDJSON]) {
      const answer = post(EVENT, contentType);
      await log.asked(log.held.length + 1);
      log.held.at(-1)!.end(REFUSED);
      await answer;
    }
    expect(tally).toMatchObject({ accepted: 0, duplicates: 0 });
  });

  it('counts a stream that was stopped half-way by what stopped it', async () => {
    const { log, open, tally } = await listen();
    const { sent, answer } = open(NDJSON);
    sent.write(`${EVENT}\n`);
    await log.asked(1);
    log.held[0]!.end();
    log.refusing = true;
    sent.write(`${EVENT}\n`);
    await answer;
    sent.end();
    expect(tally.refused.get('DISK_FULL')).toBe(1);
    expect(tally.accepted).toBe(1);
  });

  it('counts what nobody foresaw under one code', async () => {
    const { tally } = await listen();
    tally.refuse('SOMETHING_NEW');
    tally.refuse('SOMETHING_ELSE');
    expect(tally.refused.get('OTHER')).toBe(2);
    expect(tally.refused.has('SOMETHING_NEW')).toBe(false);
  });
});
