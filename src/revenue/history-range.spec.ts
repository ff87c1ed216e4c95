import { describe, expect, it } from '@jest/globals';
import type { Problem } from '../shared/http/problem.js';
import { rangeOf, type Bucket } from './history-range.js';

const at = (text: string): number => Date.parse(text);
const NOW = at('2026-11-23T09:30:00Z');

interface Asked {
  readonly from?: string | undefined;
  readonly to?: string | undefined;
  readonly now?: number;
}

/** From when to when the answer is. */
function range(bucket: Bucket, { from, to, now = NOW }: Asked = {}): string[] {
  const asked = { from: from && at(from), to: to && at(to) } as { from?: number; to?: number };
  const found = rangeOf({ bucket, ...asked }, now);
  expect(found.bucket).toBe(bucket);
  return [found.from, found.to].map((ms) => new Date(ms).toISOString().replace(':00.000Z', 'Z'));
}

function refusal(bucket: Bucket, asked: Asked): Pick<Problem, 'code' | 'message'> {
  try {
    range(bucket, asked);
  } catch (error) {
    return error as Problem;
  }
  throw new Error('it is answered');
}

describe('a range of revenue over time', () => {
  it('has 24 hours or 30 days to the end of the present one unless it is told', () => {
    expect(range('hour')).toEqual(['2026-11-22T10:00Z', '2026-11-23T10:00Z']);
    expect(range('day')).toEqual(['2026-10-25T00:00Z', '2026-11-24T00:00Z']);
  });

  it('has the hour that begins just now', () => {
    const now = at('2026-11-23T10:00:00Z');
    expect(range('hour', { now })[1]).toBe('2026-11-23T11:00Z');
  });

  it('is widened to whole hours or days', () => {
    const [from, to] = ['2026-11-20T08:59:59.999Z', '2026-11-20T09:00:00.001Z'];
    expect(range('hour', { from, to })).toEqual(['2026-11-20T08:00Z', '2026-11-20T10:00Z']);
    expect(range('day', { from, to })).toEqual(['2026-11-20T00:00Z', '2026-11-21T00:00Z']);
  });

  it('is as it is told when that are whole ones', () => {
    const [from, to] = ['2026-11-20T00:00Z', '2026-11-21T00:00Z'];
    expect(range('hour', { from, to })).toEqual([from, to]);
    expect(range('day', { from, to })).toEqual([from, to]);
  });

  it('may have one end only', () => {
    const from = '2026-11-23T07:10Z';
    expect(range('hour', { from })).toEqual(['2026-11-23T07:00Z', '2026-11-23T10:00Z']);
    const to = '2026-01-31T12:30Z';
    expect(range('hour', { to })).toEqual(['2026-01-30T13:00Z', '2026-01-31T13:00Z']);
    expect(range('day', { to })).toEqual(['2026-01-02T00:00Z', '2026-02-01T00:00Z']);
  });

  it('may be before 1970', () => {
    const [from, to] = ['1969-12-31T23:30Z', '1970-01-01T00:30Z'];
    expect(range('day', { from, to })).toEqual(['1969-12-31T00:00Z', '1970-01-02T00:00Z']);
  });

  it.each([
    ['hour', '2026-11-20T08:00Z', '2026-11-20T08:00Z'],
    ['hour', '2026-11-20T08:30Z', '2026-11-20T08:30Z'],
    ['hour', '2026-11-20T08:31Z', '2026-11-20T08:30Z'],
    ['day', '2026-11-21T00:00Z', '2026-11-20T00:00Z'],
    ['hour', '2026-11-23T10:00Z', undefined],
    ['day', '2026-11-24T00:00Z', undefined],
  ] as const)('by %s is none when it ends before it begins: %s, %s', (bucket, from, to) => {
    const { code, message } = refusal(bucket, { from, to });
    expect(code).toBe('REQUEST_INVALID');
    expect(message).toContain('from must be before to');
  });

  it.each([
    ['hour', '2026-02-11T16:00Z', 'hours apart; ask for at most 1000 at once, or by day'],
    ['day', '2028-09-27T00:00Z', 'days apart; ask for at most 1000 at once'],
  ] as const)('has at most 1,000 buckets: by %s from 2026 to %s', (bucket, to, remedy) => {
    const from = '2026-01-01T00:00Z';
    expect(range(bucket, { from, to })).toEqual([from, to]);
    const longer = new Date(at(to) + 1).toISOString();
    const { code, message } = refusal(bucket, { from, to: longer });
    expect(code).toBe('RANGE_TOO_LONG');
    expect(message).toContain(`1001 ${remedy}`);
  });
});
