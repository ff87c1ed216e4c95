import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Progress, ProgressParts } from './progress.js';

const MIB = 1024 * 1024;
const isTerminal = process.stderr.isTTY;
let written: string[] = [];

beforeEach(() => {
  written = [];
  jest.useFakeTimers({ now: 0 });
  jest.spyOn(process.stderr, 'write').mockImplementation((text) => {
    written.push(String(text));
    return true;
  });
});
afterEach(() => {
  jest.useRealTimers();
  process.stderr.isTTY = isTerminal;
});

describe('progress', () => {
  it('on a terminal is one line that is drawn over, with rate and time left', () => {
    process.stderr.isTTY = true;
    const progress = new Progress('load');
    progress.report(0, 100 * MIB);
    expect(written).toEqual([]);
    jest.setSystemTime(1_000);
    progress.report(25 * MIB, 100 * MIB);
    const bar = `${'#'.repeat(8)}${'.'.repeat(22)}`;
    expect(written).toEqual([`\r\u001b[Kload [${bar}] 25 %, 25.0 MiB/s, 3 s left `]);
    jest.setSystemTime(1_050);
    progress.report(26 * MIB, 100 * MIB);
    expect(written).toHaveLength(1);
  });

  it('makes room for a line, and comes back at once behind it', () => {
    process.stderr.isTTY = true;
    const progress = new Progress('load');
    progress.report(0, 100);
    jest.setSystemTime(1_000);
    progress.report(25, 100);
    progress.clear();
    progress.clear();
    expect(written.slice(1)).toEqual(['\r\u001b[K']);
    progress.report(26, 100);
    expect(written.at(-1)).toContain('26 %');
    progress.end();
    expect(written.at(-1)).toBe('\r\u001b[K');
  });

  it('elsewhere is a plain line every five seconds', () => {
    process.stderr.isTTY = false;
    const progress = new Progress('rebuild, users', 'users');
    for (let second = 0; second <= 10; second++) {
      jest.setSystemTime(second * 1_000);
      progress.report(second * 10, 200);
    }
    progress.end();
    expect(written).toEqual([
      'rebuild, users: 25 %, 10 users/s, 15 s left\n',
      'rebuild, users: 50 %, 10 users/s, 10 s left\n',
    ]);
  });

  it('is drawn while nothing more is reported, until its end, and then begins anew', () => {
    process.stderr.isTTY = true;
    const progress = new Progress('verify, hours of users', 'hours');
    progress.report(0, 50);
    jest.advanceTimersByTime(100);
    const nothing = `verify, hours of users [${'.'.repeat(30)}] 0 %, 0 hours/s, ? s left`;
    expect(written.at(-1)).toContain(nothing);
    progress.report(10, 50);
    jest.advanceTimersByTime(900);
    expect(written.at(-1)).toContain('20 %, 10 hours/s, 4 s left');
    progress.end();
    written = [];
    jest.advanceTimersByTime(60_000);
    expect(written).toEqual([]);
    progress.report(10, 50);
    jest.advanceTimersByTime(1_000);
    expect(written.at(-1)).toContain('20 %, 10 hours/s, 4 s left');
    progress.end();
  });

  it('elsewhere is a plain line every five seconds, too, while nothing more is reported', () => {
    process.stderr.isTTY = false;
    const progress = new Progress('load, roll-up of users', 'rows');
    progress.report(0, 50_000);
    jest.advanceTimersByTime(11_000);
    progress.end();
    const line = 'load, roll-up of users: 0 %, 0 rows/s, ? s left\n';
    expect(written).toEqual([line, line]);
  });

  it('of parts shows the one that reported last, and no other one', () => {
    process.stderr.isTTY = true;
    const parts = new ProgressParts();
    const [log, users] = [parts.part('the log'), parts.part('users', 'users')];
    log(5, 10);
    jest.advanceTimersByTime(500);
    expect(written.at(-1)).toContain('the log [');
    users(1, 4);
    expect(written.at(-1)).toBe('\r\u001b[K');
    written = [];
    jest.advanceTimersByTime(500);
    expect(written.length).toBeGreaterThan(0);
    for (const bar of written) expect(bar).toContain('\r\u001b[Kusers [');
    parts.clear();
    expect(written.at(-1)).toBe('\r\u001b[K');
    log(5, 10); // once more from its beginning
    jest.advanceTimersByTime(1_000);
    expect(written.at(-1)).toContain('the log [');
    parts.end();
    written = [];
    jest.advanceTimersByTime(60_000);
    expect(written).toEqual([]);
  });
});
