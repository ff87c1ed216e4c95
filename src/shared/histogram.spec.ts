import { describe, expect, it } from '@jest/globals';
import { Histogram } from './histogram.js';

describe('A histogram', () => {
  it('has a value that equals a bound up to that bound', () => {
    const histogram = new Histogram([1, 2, 5]);
    for (const value of [0, 1, 1.5, 2, 5, 5.1, 100]) histogram.observe(value);
    expect([...histogram.counts]).toEqual([2, 2, 1, 2]);
    expect(histogram.sum).toBeCloseTo(114.6);
  });

  it('takes a value that came several times at once', () => {
    const histogram = new Histogram([1]);
    histogram.observe(0.5, 4);
    histogram.observe(3, 2);
    expect([...histogram.counts]).toEqual([4, 2]);
    expect(histogram.sum).toBe(8);
  });

  it('is empty at first', () => {
    const { counts, sum } = new Histogram([1, 2]);
    expect([[...counts], sum]).toEqual([[0, 0, 0], 0]);
  });
});
