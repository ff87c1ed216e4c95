import { afterEach, describe, expect, it } from '@jest/globals';
import { eventually } from '../../test/support/eventually.js';
import {
  closeListener,
  listenToEvents as listen,
  REFUSED,
} from '../../test/support/events-listener.js';
import type { RecordLines } from '../staging-log/record-lines.port.js';

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

describe('bounds', () => {
  it('of a JSON body', async () => {
    const { post } = await listen({ jsonBodyBytesMax: 100 });
    const code = 'BODY_TOO_LARGE';
    expect(await post(EVENT.padEnd(101))).toMatchObject({ status: 413, json: { code } });
  });

  it('of an array, whichever way it is read', async () => {
    const { post } = await listen({ arrayItemsMax: 2 });
    const refusal = { status: 413, json: { code: 'ARRAY_TOO_LONG' } };
    expect(await post(`[${EVENT},${EVENT},${EVENT}]`)).toMatchObject(refusal);
    expect(await post(`[{},1,${EVENT}]`)).toMatchObject(refusal);
  });

  it('of all bodies that are held', async () => {
    const { log, post } = await listen({ bodiesBytesMax: 150 });
    const first = post(`[${EVENT},${EVENT}]`);
    await log.asked(1);
    const code = 'BODIES_FULL';
    expect(await post(EVENT)).toMatchObject({ status: 503, json: { code, retryAfter: 1 } });
    expect(await post(`${EVENT}\n`, NDJSON)).toMatchObject({ status: 503, json: { code } });
    log.held[0]!.end();
    await first;
    const again = post(EVENT);
    await log.asked(2);
    log.held[1]!.end();
    expect(await again).toMatchObject({ status: 202 });
  });

  it('of the events of a key', async () => {
    const { log, post } = await listen({ keyEventsPerSecondMax: 1 });
    const first = post(`[${EVENT},${EVENT},${EVENT}]`);
    await log.asked(1);
    log.held[0]!.end();
    expect(await first).toMatchObject({ status: 202 });
    const refusal = { status: 429, json: { code: 'RATE_LIMITED' } };
    for (const contentType of ['application/json', NDJSON]) {
      expect(await post(EVENT, contentType)).toMatchObject(refusal);
    }
    expect(log.held).toHaveLength(1);
  });
});

describe('the memory of a body', () => {
  const BATCH = 'application/cloudevents-batch+json';
  const TWO = `[${EVENT},${EVENT}]`;

  /** A listener, and the memory that each append was given. */
  const watched = async (settings: Parameters<typeof listen>[0] = {}) => {
    const listener = await listen(settings);
    const { log } = listener;
    const given: RecordLines[] = [];
    const append = log.appendLines.bind(log);
    log.appendLines = (lines) => {
      given.push(lines);
      return append(lines);
    };
    return { ...listener, given };
  };

  it.each([
    ['no JSON', 'application/json', '[', {}],
    ['too many events', 'application/json', `[${`${EVENT},`.repeat(9)}${EVENT}]`, {}],
    ['no batch of CloudEvents', BATCH, '{}', {}],
    ['too many CloudEvents', BATCH, `[${'{},'.repeat(9)}{}]`, {}],
    ['what its key may not send now', 'application/json', TWO, { keyEventsPerSecondMax: 1 }],
    ['lines that its key may not send now', NDJSON, EVENT, { keyEventsPerSecondMax: 1 }],
    ['a line that there is no room for', NDJSON, 'x'.repeat(200), { bodiesBytesMax: 150 }],
    ['lines that there is no room for', NDJSON, `${EVENT}\n`.repeat(2), { bodiesBytesMax: 150 }],
  ])('is used again after %s', async (...refused) => {
    const [, contentType, body, settings] = refused;
    const { log, post, given } = await watched({ arrayItemsMax: 5, ...settings });
    const first = post(TWO);
    await log.asked(1);
    log.held[0]!.end();
    await first;
    expect((await post(body, contentType)).status).toBeGreaterThanOrEqual(400);
    expect(given).toHaveLength(1);
    let status = 0;
    const again = eventually(async () => {
      ({ status } = await post(TWO));
      return status !== 429; // a key may send again after a while
    });
    await log.asked(2);
    log.held[1]!.end();
    await again;
    expect(status).toBe(202);
    expect(given[1]).toBe(given[0]);
  });

  it.each([
    ['array', 'application/json', TWO],
    ['lines', NDJSON, EVENT],
  ])('is used by no other while the log has it, and again after its answer: %s', async (...of) => {
    const [, contentType, body] = of;
    const { log, post, given } = await watched();
    const answers = [1, 2].map(async (count) => {
      await log.asked(count - 1);
      return post(body, contentType);
    });
    await log.asked(2);
    log.held[0]!.end(REFUSED);
    const first = await answers[0];
    const third = post(body, contentType);
    await log.asked(3);
    for (const { end } of log.held) end();
    const statuses = [first, await answers[1], await third].map((answer) => answer?.status);
    expect(statuses).toEqual([503, 202, 202]);
    expect(given[1]).not.toBe(given[0]);
    expect(given[2]).toBe(given[0]);
  });
});
