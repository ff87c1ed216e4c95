import { describe, expect, it } from '@jest/globals';
import { parseRetryAfterMs, retryDelayMs } from './retry-delay.js';

const longest = (attempt: number, retryAfterMs: number | null = null) =>
  retryDelayMs({ attempt, retryAfterMs }, () => 1);
const shortest = (attempt: number, retryAfterMs: number | null = null) =>
  retryDelayMs({ attempt, retryAfterMs }, () => 0);

describe('retryDelayMs', () => {
  it('doubles from 100 ms up to 5 s', () => {
    expect([1, 2, 3, 6, 7, 100, 5_000].map((attempt) => longest(attempt))).toEqual([
      100, 200, 400, 3_200, 5_000, 5_000, 5_000,
    ]);
  });

  it('spreads over the whole span', () => {
    expect(shortest(5)).toBe(0);
  });

  it('waits at least as long as the server asks, and at most 30 s of that', () => {
    expect(shortest(1, 2_000)).toBe(2_000);
    expect(longest(1, 2_000)).toBe(2_100);
    expect(longest(1, 86_400_000)).toBe(30_100);
  });
});

describe('parseRetryAfterMs', () => {
  const now = Date.parse('2026-11-22T10:00:00Z');

  it.each([
    ['0', 0],
    ['7', 7_000],
    ['Sun, 22 Nov 2026 10:00:03 GMT', 3_000],
    ['Sun, 22 Nov 2026 09:00:00 GMT', 0],
    ['-1', null],
    ['1.5', null],
    ['soon', null],
    ['', null],
    [undefined, null],
  ])('reads %j as %j', (header, expected) => {
    expect(parseRetryAfterMs(header, now)).toBe(expected);
  });
});
