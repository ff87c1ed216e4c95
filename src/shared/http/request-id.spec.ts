import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { nextRequestId, noteOnce, requestIdOf } from './request-id.js';

const requestWith = (id?: string | string[]): IncomingMessage =>
  ({ headers: id === undefined ? {} : { 'x-request-id': id } }) as unknown as IncomingMessage;

describe('the id of a request', () => {
  it.each(['a', 'A-1_b.C', '0'.repeat(64), '550e8400-e29b-41d4-a716-446655440000'])(
    'is the one that it came with: %s',
    (id) => {
      expect(requestIdOf(requestWith(id))).toBe(id);
    },
  );

  it.each(['', ' ', 'a b', '0'.repeat(65), 'ü', 'a\n', 'a, b', '<script>', '"'])(
    'is made here when that is not well-formed: %j',
    (id) => {
      const made = requestIdOf(requestWith(id));
      expect(made).not.toBe(id);
      expect(made).toMatch(/^[\w.-]{1,64}$/);
    },
  );

  it('stays the same for a request, and is never that of another', () => {
    const requests = Array.from({ length: 1_000 }, () => requestWith());
    const ids = requests.map(requestIdOf);
    expect(requests.map(requestIdOf)).toEqual(ids);
    expect(new Set([...ids, nextRequestId()]).size).toBe(1_001);
  });
});

describe('a request', () => {
  it('is noted once', () => {
    const request = requestWith();
    expect([noteOnce(request), noteOnce(request), noteOnce(requestWith())]).toEqual([
      true,
      false,
      true,
    ]);
  });
});
