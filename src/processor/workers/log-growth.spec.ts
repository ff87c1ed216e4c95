import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { toOffset } from '../../staging-log/staging-log.port.js';
import { LogGrowth } from './log-growth.js';

describe('the growth of a log', () => {
  let [end, now] = [0, 0];
  const grow = (): void => void (end += 100);
  beforeEach(() => {
    [end, now] = [1_000, 5_000];
    jest.spyOn(performance, 'now').mockImplementation(() => now);
  });
  afterEach(() => {
    jest.restoreAllMocks();
  });

  it('is recent for a second after it was seen, and not before any', () => {
    const growth = new LogGrowth({ endOffset: () => toOffset(end) });
    expect(growth.isRecent()).toBe(false);
    grow();
    expect(growth.isRecent()).toBe(true);
    now += 999;
    expect(growth.isRecent()).toBe(true);
    now += 1;
    expect(growth.isRecent()).toBe(false);
    grow();
    expect(growth.isRecent()).toBe(true);
  });

  it('counts from the look that saw it, whoever asks later', () => {
    const growth = new LogGrowth({ endOffset: () => toOffset(end) });
    grow();
    growth.look();
    now += 999;
    expect(growth.isRecent()).toBe(true);
    now += 1;
    expect(growth.isRecent()).toBe(false);
  });
});
