import { afterEach, describe, expect, it, jest } from '@jest/globals';
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
    const clock = jest.spyOn(performance, 'now').mockReturnValue(0); // no key may send again
    const first = post(TWO);
    await log.asked(1);
    log.held[0]!.end();
    await first;
    expect((await post(body, contentType)).status).toBeGreaterThanOrEqual(400);
    expect(given).toHaveLength(1);
    clock.mockRestore();
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
