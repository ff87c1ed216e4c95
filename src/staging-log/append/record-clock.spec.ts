import { describe, expect, it } from '@jest/globals';
import { RecordClock } from './record-clock.js';

/** Reads the clock once at each of these times. */
function readAt(...times: number[]) {
  const told: number[] = [];
  let at = 0;
  const clock = new RecordClock(
    (back) => void told.push(back),
    () => times[at++] ?? 0,
  );
  return { read: times.map(() => clock.read()), told, stepsBack: clock.stepsBack };
}

describe('the clock of records', () => {
  it('follows the wall clock forward, however far', () => {
    expect(readAt(1_000, 1_000, 1_001, 9_999_999_999).read).toEqual([
      1_000, 1_000, 1_001, 9_999_999_999,
    ]);
  });

  it('hides a step back of up to a second, until time has caught up', () => {
    expect(readAt(5_000, 4_999, 4_000, 4_500, 5_000, 5_001)).toEqual({
      read: [5_000, 5_000, 5_000, 5_000, 5_000, 5_001],
      told: [],
      stepsBack: 0,
    });
  });

  it('follows a larger step back, tells of it, and counts it', () => {
    expect(readAt(5_000, 3_999, 3_000, 4_000, 1_000)).toEqual({
      read: [5_000, 3_999, 3_999, 4_000, 1_000],
      told: [1_001, 3_000],
      stepsBack: 2,
    });
  });

  it('does not let small steps back add up unseen', () => {
    expect(readAt(5_000, 4_500, 4_000, 3_999).stepsBack).toBe(1);
  });

  it('has nothing to step back from at first', () => {
    expect(readAt(0).stepsBack).toBe(0);
  });
});
