import { describe, expect, it } from '@jest/globals';

import { RestartBackoff } from './restart.backoff.js';

const take = (backoff: RestartBackoff, count: number): readonly number[] =>
  Array.from({ length: count }, () => backoff.nextDelayMs());

describe('RestartBackoff', () => {
  it('doubles from 100 ms and stays at 10 s', () => {
    const delays = take(new RestartBackoff(() => 0), 9);
    expect(delays).toEqual([100, 200, 400, 800, 1600, 3200, 6400, 10_000, 10_000]);
  });

  it('goes on backing off when the server dies right after each start', () => {
    const backoff = new RestartBackoff(() => 0);
    take(backoff, 3);
    backoff.started();
    expect(backoff.nextDelayMs()).toBe(800);
  });

  it('begins again at 100 ms after a healthy run', () => {
    let nowMs = 0;
    const backoff = new RestartBackoff(() => nowMs);
    take(backoff, 3);
    backoff.started();
    nowMs += 10_000;
    expect(take(backoff, 2)).toEqual([100, 200]);
  });
});
