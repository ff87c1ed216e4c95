import type { IncomingMessage } from 'node:http';
import { afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { digestOfKey, type ApiKey } from '../config/api-keys.js';
import { AppConfig } from '../config/app-config.js';
import { Access } from './access.js';
import { InternalKey } from './internal-key.js';
import { RateLimit } from './rate-limit.js';

const keyOf = (name: string): ApiKey => ({
  name,
  digest: digestOfKey(`secret-of-${name}`),
  scopes: new Set(['ingest']),
});

/** With a limit of events per second, and keys or none. */
function limited(keyEventsPerSecondMax: number, keys: readonly ApiKey[] = []) {
  const settings = { keyEventsPerSecondMax, apiKeys: keys, allowedHosts: new Set(['shop']) };
  const config = Object.assign(new AppConfig(), settings);
  const internal = new InternalKey();
  const [access, limit] = [new Access(config, internal), new RateLimit(config, internal)];
  const take = (events: number, secret?: string) => {
    const authorization = secret === undefined ? undefined : `Bearer ${secret}`;
    const request = { headers: { host: 'shop', authorization } } as unknown as IncomingMessage;
    access.admit(request, 'ingest');
    return limit.take(request, events)?.headers['Retry-After'] ?? 'taken';
  };
  return { take, internal };
}

beforeEach(() => {
  jest.useFakeTimers();
});
afterEach(() => {
  jest.useRealTimers();
});

describe('the rate limit of a key', () => {
  it('is off when it is 0', () => {
    const { take } = limited(0);
    for (let i = 0; i < 100; i += 1) expect(take(1_000_000)).toBe('taken');
  });

  it('takes the events of a second at once, then as many as time brings', () => {
    const { take } = limited(10);
    for (let i = 0; i < 10; i += 1) expect(take(1)).toBe('taken');
    expect(take(1)).toBe('1');
    jest.advanceTimersByTime(100);
    expect([take(1), take(1)]).toEqual(['taken', '1']);
    jest.advanceTimersByTime(500);
    expect([5, 1].map((events) => take(events))).toEqual(['taken', '1']);
  });

  it('lets a batch that is larger than a second pass, and the next one wait until it is paid', () => {
    const { take } = limited(10);
    expect(take(35)).toBe('taken');
    expect(take(1)).toBe('3'); // 25 in debt
    jest.advanceTimersByTime(1_500);
    expect(take(1)).toBe('1');
    jest.advanceTimersByTime(1_001);
    expect(take(1_000)).toBe('taken');
  });

  it('saves up no more than a second', () => {
    const { take } = limited(10);
    expect(take(1)).toBe('taken');
    jest.advanceTimersByTime(3_600_000);
    expect([take(10), take(1)]).toEqual(['taken', '1']);
  });

  it('counts nothing for what it refuses, and refuses no empty request', () => {
    const { take } = limited(10);
    take(10);
    for (let i = 0; i < 50; i += 1) expect(take(10)).toBe('1');
    expect(take(0)).toBe('taken');
    jest.advanceTimersByTime(1_000);
    expect(take(10)).toBe('taken');
  });

  it('does not go by a wall clock', () => {
    const { take } = limited(10);
    take(10);
    jest.setSystemTime(Date.now() + 86_400_000);
    expect(take(1)).toBe('1');
    jest.setSystemTime(0);
    jest.advanceTimersByTime(1_000);
    expect(take(10)).toBe('taken');
  });

  it('is of each key apart, and of all callers without one together', () => {
    const [a, b] = [keyOf('a'), keyOf('b')];
    const { take } = limited(10, [a, b]);
    expect([take(10, 'secret-of-a'), take(1, 'secret-of-a')]).toEqual(['taken', '1']);
    expect([take(10, 'secret-of-b'), take(1, 'secret-of-b')]).toEqual(['taken', '1']);
    const open = limited(10);
    expect([open.take(10), open.take(1, 'whatever')]).toEqual(['taken', '1']);
    expect(() => take(1)).toThrow(expect.objectContaining({ code: 'KEY_REQUIRED' }));
  });

  it('does not hold up this process itself', () => {
    const { take, internal } = limited(1);
    for (const secret of [internal.secret, internal.corrections.secret]) {
      for (let i = 0; i < 10; i += 1) expect(take(1_000, secret)).toBe('taken');
    }
  });
});
