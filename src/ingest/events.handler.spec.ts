import { afterEach, describe, expect, it } from '@jest/globals';
import {
  closeListener,
  listenToEvents as listen,
  REFUSED,
} from '../../test/support/events-listener.js';

const EVENT = '{"userId":"abc123","name":"add_revenue","value":432}';
const NDJSON = 'application/x-ndjson';

afterEach(closeListener);

describe.each([
  ['one event', 'application/json', EVENT],
  ['an event of another layout', 'application/json', ` ${EVENT.replace(':', ' : ')}`],
  ['an array', 'application/json', `[${EVENT}]`],
  ['a line', NDJSON, EVENT],
])('%s', (_, contentType, body) => {
  it('is acknowledged when it is durable, and not before', async () => {
    const { log, post } = await listen();
    let acknowledged = false;
    const answer = post(body, contentType).finally(() => (acknowledged = true));
    await log.asked(1);
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(acknowledged).toBe(false);
    log.held[0]!.end();
    const json = { accepted: 1, duplicates: 0, rejected: [] };
    expect(await answer).toEqual({ status: 202, json });
  });

  it.each([
    ['LOG_UNAVAILABLE', 503],
    ['DISK_FULL', 503],
    ['BACKLOG_FULL', 503],
    ['LOG_CLOSED', 503],
    ['QUEUE_FULL', 429],
  ] as const)('is never acknowledged after %s, which is answered with %i', async (code, status) => {
    const { log, post } = await listen();
    const answer = post(body, contentType);
    await log.asked(1);
    log.held[0]!.end({ ...REFUSED, code });
    expect(await answer).toMatchObject({ status, json: { code, retryAfter: 7 } });
  });
});

describe('an NDJSON body', () => {
  const chunk = (lines: number): string => `${EVENT}\n`.repeat(lines);

  it('is appended while it comes in, a few chunks ahead of the disk', async () => {
    const { log, open } = await listen();
    const { sent, answer } = open(NDJSON);
    for (let count = 1; count <= 4; count += 1) {
      sent.write(chunk(count));
      await log.asked(count);
    }
    sent.end(chunk(5));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log.held.map(({ count }) => count)).toEqual([1, 2, 3, 4]);
    for (const { end } of log.held) end();
    await log.asked(5);
    log.held[4]!.end();
    expect(await answer).toMatchObject({ status: 202, json: { accepted: 15 } });
  });

  it('that the log refuses half-way says what was read, and nothing is appended behind it', async () => {
    const { log, open } = await listen();
    const { sent, answer } = open(NDJSON);
    sent.write(`${chunk(2)}{}\n`);
    await log.asked(1);
    log.refusing = true;
    sent.write(chunk(3));
    log.held[0]!.end();
    const { status, json } = await answer;
    expect(status).toBe(207);
    const stopped = { code: 'DISK_FULL', detail: 'why', retryAfter: 7 };
    expect(json).toMatchObject({ accepted: 2, duplicates: 0, rejectedTotal: 1, read: 3, stopped });
    log.refusing = false;
    sent.end(chunk(1));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(log.held).toHaveLength(1);
  });

  it('does not count what was under way behind a commit that failed', async () => {
    const { log, open } = await listen();
    const { sent, answer } = open(NDJSON);
    for (let count = 1; count <= 3; count += 1) {
      sent.write(chunk(count));
      await log.asked(count);
    }
    log.held[0]!.end();
    log.held[1]!.end(REFUSED);
    log.held[2]!.end(REFUSED);
    sent.end();
    expect(await answer).toMatchObject({ status: 207, json: { accepted: 1, read: 1 } });
  });

  it('that goes on while the process shuts down says what was read by then', async () => {
    const { log, open, post, drain } = await listen();
    const { sent, answer } = open(NDJSON);
    sent.write(chunk(2));
    await log.asked(1);
    log.held[0]!.end();
    drain.begin();
    const stopped = { code: 'LOG_CLOSED', retryAfter: 5 };
    expect(await answer).toMatchObject({ status: 207, json: { accepted: 2, read: 2, stopped } });
    const later = await post(chunk(1), NDJSON);
    expect(later).toMatchObject({ status: 503, json: { code: 'LOG_CLOSED', retryAfter: 5 } });
  });

  it('whose append fails as none should counts what was stored before, and goes no further', async () => {
    const { log, open } = await listen();
    const { sent, answer } = open(NDJSON);
    sent.write(chunk(1));
    await log.asked(1);
    log.failing = true;
    sent.write(chunk(2));
    setTimeout(() => {
      log.held[0]!.end();
    }, 20);
    const stopped = { code: 'INTERNAL_ERROR' };
    expect(await answer).toMatchObject({ status: 207, json: { accepted: 1, read: 1, stopped } });
    log.failing = false;
    sent.end(chunk(3));
    expect(log.held).toHaveLength(1);
  });

  it('names the first rejections and counts the others', async () => {
    const { log, post } = await listen();
    const answer = post(`{}\n${EVENT}\n${'[]\n'.repeat(9)}`, NDJSON);
    await log.asked(1);
    log.held[0]!.end();
    const { status, json } = await answer;
    expect([status, json['rejectedTotal']]).toEqual([207, 10]);
    expect(json['rejected']).toMatchObject([{ index: 0 }, { index: 2 }, { index: 3 }]);
  });

  it('of which nothing is good is refused with what is wrong', async () => {
    const { log, post } = await listen();
    const code = 'ALL_REJECTED';
    const many = await post('{}\n[]', NDJSON);
    expect(many).toMatchObject({ status: 400, json: { code, accepted: 0, rejectedTotal: 2 } });
    const one = await post('{}', NDJSON);
    expect(one).toMatchObject({ status: 400, json: { code: 'USER_ID_MISSING' } });
    expect(log.held).toHaveLength(0);
  });
});
