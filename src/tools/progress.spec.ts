import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { Progress } from './progress.js';

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
});
