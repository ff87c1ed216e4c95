import { describe, expect, test } from '@jest/globals';
import { segmentEnds } from './segment-ends.js';

const entries = (...firsts: number[]) => firsts.map((first) => ({ first, archived: false }));

describe('a segment ends', () => {
  test('where the next one begins, and the last one nowhere', () => {
    const endOf = segmentEnds({ segments: entries(0, 9, 100), sums: [0, 9, 100] });
    expect([0, 9, 100].map(endOf)).toEqual([9, 100, null]);
  });

  test('where one that is lost began, by its checksums', () => {
    const endOf = segmentEnds({ segments: entries(10, 100), sums: [10, 50, 200] });
    expect([10, 100].map(endOf)).toEqual([50, 200]);
  });

  test('where it should, in a log of more segments than a call takes arguments', () => {
    const firsts = Array.from({ length: 300_000 }, (_, n) => n * 1_000);
    const endOf = segmentEnds({ segments: entries(...firsts.slice(0, 10)), sums: firsts });
    expect(firsts.map(endOf)).toEqual([...firsts.slice(1), null]);
  });
});
