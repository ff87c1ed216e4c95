import type { IncomingMessage } from 'node:http';
import { Logger } from '@nestjs/common';
import { afterAll, afterEach, beforeEach, describe, expect, it, jest } from '@jest/globals';
import { digestOfKey } from '../config/api-keys.js';
import { AppConfig } from '../config/app-config.js';
import { Access } from './access.js';
import { InternalKey } from './internal-key.js';
import { RequestLog } from './request-log.js';

interface Line {
  readonly level: 'log' | 'warn';
  readonly [member: string]: unknown;
}

let lines: Line[] = [];
const heard = (level: Line['level']) => (message: object) => {
  lines.push({ level, ...message });
};
const SHOP = { name: 'shop', digest: digestOfKey('s3cret'), scopes: new Set(['ingest'] as const) };

const requestTo = (url: string, headers: Record<string, string> = {}): IncomingMessage =>
  ({ method: 'POST', url, headers: { host: 'shop', ...headers } }) as unknown as IncomingMessage;

function logOf(logAcceptedEvery: number): RequestLog {
  return new RequestLog(Object.assign(new AppConfig(), { logAcceptedEvery }));
}

beforeEach(() => {
  lines = [];
  jest.useFakeTimers();
  const ignore = (): void => undefined;
  Logger.overrideLogger({ log: heard('log'), warn: heard('warn'), error: ignore });
});
afterEach(() => {
  jest.useRealTimers();
});
afterAll(() => {
  Logger.overrideLogger(['log', 'warn', 'error']);
});

describe('a refused request', () => {
  it('has a line that tells whose it was and what became of it, and no secret', () => {
    const settings = { apiKeys: [SHOP], allowedHosts: new Set(['shop']), logAcceptedEvery: 0 };
    const config = Object.assign(new AppConfig(), settings);
    const request = requestTo('/events?key=s3cret#s3cret', {
      authorization: 'Bearer s3cret',
      'x-request-id': 'mine-1',
    });
    new Access(config, new InternalKey()).admit(request, 'ingest');
    const log = new RequestLog(config);
    log.note(request, 429, 'RATE_LIMITED');
    log.note(request, 429, 'RATE_LIMITED');
    expect(lines).toEqual([
      {
        level: 'warn',
        message: 'refused',
        method: 'POST',
        path: '/events',
        status: 429,
        code: 'RATE_LIMITED',
        requestId: 'mine-1',
        key: 'shop',
        ms: expect.any(Number),
      },
    ]);
    expect(JSON.stringify(lines)).not.toContain('s3cret');
  });

  it.each([
    ['/users/a%20b/revenue?x', '/users/a%20b/revenue'],
    ['http://user:pass@shop/events?x', '/events'],
    [`/${'x'.repeat(5_000)}`, `/${'x'.repeat(199)}`],
    ['?', ''],
  ])('is told by its path: %s', (url, path) => {
    logOf(0).note(requestTo(url), 404);
    expect(lines).toEqual([expect.objectContaining({ path, key: null })]);
  });

  it('has no line of its own in a flood, which is told by a count', () => {
    const log = logOf(0);
    for (let i = 0; i < 10_000; i += 1) log.note(requestTo('/events'), 401, 'KEY_REQUIRED');
    log.noteUnread({ status: 400, code: 'HTTP_INVALID', requestId: 'r' });
    expect(lines).toHaveLength(50);
    jest.advanceTimersByTime(1_000);
    expect(lines).toHaveLength(51);
    expect(lines.at(-1)).toMatchObject({ level: 'warn', leftOut: 9_951 });
    log.note(requestTo('/events'), 401);
    expect(lines).toHaveLength(52);
    jest.advanceTimersByTime(5_000);
    expect(lines).toHaveLength(52);
  });
});

describe('accepted requests', () => {
  it.each([
    [0, 0],
    [1, 100],
    [10, 10],
    [1_000, 0],
  ])('are told by one of every %d: %d of 100', (every, expected) => {
    const log = logOf(every);
    for (let i = 0; i < 100; i += 1) log.note(requestTo('/events'), 202);
    expect(lines).toHaveLength(expected);
    for (const line of lines) expect(line).toMatchObject({ level: 'log', status: 202 });
  });
});
