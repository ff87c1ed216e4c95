import { describe, expect, it } from '@jest/globals';
import { LogTime } from './log-time.js';

const WINDOW_SECONDS = 1_000;
const START_MS = 1_763_800_000_000;

/** The time of the log at records of these times, told in seconds since the first one. */
function readAt(...seconds: number[]): number[] {
  const time = new LogTime(WINDOW_SECONDS);
  return seconds.map((second) => time.advance(START_MS + second * 1000));
}

describe('the time of a log', () => {
  it('begins at 0 with the first record, whatever its timestamp', () => {
    expect(new LogTime(WINDOW_SECONDS).seconds).toBe(0);
    expect(readAt(0)).toEqual([0]);
    expect(readAt(123)).toEqual([0]);
  });

  it('goes on as the timestamps do', () => {
    expect(readAt(0, 0.25, 7, 100, 200)).toEqual([0, 0.25, 7, 100, 200]);
  });

  it('counts at most a tenth of the window between two records', () => {
    expect(readAt(0, 5, 86_400, 86_401)).toEqual([0, 5, 105, 106]);
  });

  it('stands still while timestamps go back, and goes on from there', () => {
    expect(readAt(500, 510, 20, 19, 30)).toEqual([0, 10, 10, 10, 21]);
  });

  it('survives a timestamp that is nonsense', () => {
    expect(readAt(0, 9e12, 1, 2)).toEqual([0, 100, 100, 101]);
  });

  it('goes over records whose time is known as if it had read them', () => {
    const time = new LogTime(WINDOW_SECONDS);
    time.pass(500, START_MS);
    expect([time.seconds, time.lastTimestamp]).toEqual([500, START_MS]);
    expect(time.advance(START_MS + 7_000)).toBe(507);
    time.pass(0, 0); // nothing was there
    expect(time.advance(START_MS + 8_000)).toBe(508);
    expect(time.advance(START_MS + 86_400_000)).toBe(608);
  });
});
