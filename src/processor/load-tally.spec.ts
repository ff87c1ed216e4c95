import { describe, expect, it } from '@jest/globals';
import type { LoadReport } from './load-report.js';
import { LoadTally } from './load-tally.js';

const REPORT: LoadReport = {
  ...{
    fromOffset: 0,
    toOffset: 900,
    events: 10,
    users: 4,
    inserted: 3,
    updated: 1,
    deadLetters: 2,
  },
  ...{ durationMs: 40, committedAt: '2026-01-31T12:00:00.000Z' },
};

describe('The tally of loads', () => {
  it('adds up what was committed', () => {
    const tally = new LoadTally();
    tally.noteLoad(REPORT);
    tally.noteLoad({ ...REPORT, events: 11, users: 1, inserted: 0, durationMs: 1_500 });
    expect(tally).toMatchObject({ events: 21, inserted: 3, updated: 2, deadLetters: 4 });
    expect(tally.seconds.sum).toBeCloseTo(1.54);
    expect([...tally.batchEvents.counts.slice(0, 4)]).toEqual([0, 1, 1, 0]);
    expect([...tally.batchUsers.counts.slice(0, 4)]).toEqual([1, 1, 0, 0]);
  });

  it('has every class and state from the beginning', () => {
    const { failures, retries } = new LoadTally();
    expect([...failures.values(), ...retries.values()].every((count) => count === 0)).toBe(true);
    expect([...retries.keys()]).toEqual(['40001', '40P01']);
  });

  it('counts failures by the class of their SQLSTATE, and all else under names of its own', () => {
    const tally = new LoadTally();
    const error = (code: string): Error => Object.assign(new Error('no'), { code });
    for (const code of ['53100', '53300', '57014', 'ECONNREFUSED', 'EPIPE', '0A000']) {
      tally.noteFailure(error(code));
    }
    tally.noteFailure(new Error('a segment cannot be read'));
    const counted = [...tally.failures].filter(([, count]) => count > 0);
    expect(counted).toEqual([
      ['53', 2],
      ['57', 1],
      ['none', 3],
      ['other', 1],
    ]);
  });
});
