import { afterEach, describe, expect, it } from '@jest/globals';
import { closeListener, listenToEvents as listen } from '../../test/support/events-listener.js';

const EVENT = '{"userId":"abc123","name":"add_revenue","value":432}';
const NDJSON = 'application/x-ndjson';

afterEach(closeListener);

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

  it('of an array that is not even parsed, and of the members of an object', async () => {
    const { post } = await listen({ arrayItemsMax: 5_000 });
    const many = await post(`[${'{},'.repeat(6_000)}{}]`);
    expect(many).toMatchObject({ status: 413, json: { code: 'ARRAY_TOO_LONG' } });
    const members = Array.from({ length: 2_000 }, (_, n) => `"key-${n}":1`).join();
    const wide = await post(`{${members}}`);
    expect(wide).toMatchObject({ status: 400, json: { code: 'INVALID_JSON' } });
  });

  it('of what is kept of rejected lines', async () => {
    const { post } = await listen({ bodiesBytesMax: 10_000, rejectedItemsMax: 1_000 });
    const refusal = { status: 503, json: { code: 'BODIES_FULL' } };
    expect(await post('{}\n'.repeat(3_000), NDJSON)).toMatchObject(refusal);
  });

  it('of a JSON body count what it takes in memory, in however many chunks it comes', async () => {
    const { open, post } = await listen({ bodiesBytesMax: 5_000 });
    const { sent, answer } = open('application/json');
    for (let at = 0; at < 3_000; at += 1) sent.write(' ');
    sent.end('1'.repeat(3_000));
    expect(await answer).toMatchObject({ status: 503, json: { code: 'BODIES_FULL' } });
    expect(await post('1')).toMatchObject({ status: 400 });
  });
});
