import { describe, expect, it } from '@jest/globals';
import { readAnswer } from './read-answer.js';

const answer = (status: number, body: unknown, retryAfter?: string) => ({
  status,
  retryAfter,
  location: undefined,
  body: typeof body === 'string' ? body : JSON.stringify(body),
});
const none = { accepted: 0, duplicates: 0, rejected: [] };
const rejection = (index: number) => ({ index, code: 'ID_REUSED', message: 'm' });

describe('readAnswer', () => {
  it('counts what was accepted', () => {
    const read = readAnswer(answer(202, { ...none, accepted: 2, duplicates: 1 }), 3);
    expect(read).toMatchObject({ kind: 'counted', read: 3, accepted: 2, duplicates: 1 });
  });

  it('counts rejections, also where all were rejected', () => {
    const rejected = [rejection(1), rejection(0)];
    const some = readAnswer(answer(207, { ...none, accepted: 1, rejected }), 3);
    expect(some).toMatchObject({ kind: 'counted', rejectedTotal: 2 });
    const all = readAnswer(answer(400, { code: 'ALL_REJECTED', ...none, rejected }), 2);
    expect(all).toMatchObject({
      kind: 'counted',
      rejectedTotal: 2,
      rejected: [{ index: 0 }, { index: 1 }],
    });
  });

  it('believes the total where the list of rejections is cut', () => {
    const body = { ...none, rejected: [rejection(0)], rejectedTotal: 5 };
    expect(readAnswer(answer(400, body), 5)).toMatchObject({ kind: 'counted', rejectedTotal: 5 });
  });

  it('reads how far a server came that stopped', () => {
    const stopped = { code: 'DISK_FULL', retryAfter: 2 };
    const read = readAnswer(answer(207, { ...none, accepted: 1, read: 1, stopped }), 3);
    expect(read).toMatchObject({
      kind: 'stopped',
      read: 1,
      refusal: { code: 'DISK_FULL', retryAfterMs: 2_000 },
    });
  });

  it.each([408, 423, 425, 429, 500, 502, 503, 504])('takes %i for passing', (status) => {
    const read = readAnswer(answer(status, { code: 'BUSY', detail: 'd' }, '3'), 1);
    expect(read).toMatchObject({
      kind: 'retryable',
      code: 'BUSY',
      detail: 'd',
      retryAfterMs: 3_000,
    });
  });

  it.each([200, 301, 400, 401, 403, 404, 413, 415, 421, 501])('takes %i for final', (status) => {
    expect(readAnswer(answer(status, '<html>'), 1)).toMatchObject({
      kind: 'final',
      code: `HTTP_${status}`,
    });
  });

  it.each([
    ['not JSON', '<html>'],
    ['an array', []],
    ['no rejections', { accepted: 1, duplicates: 0 }],
    ['too few', none],
    ['too many', { ...none, accepted: 2 }],
    ['a count that is a text', { ...none, accepted: '1' }],
    ['a negative count', { ...none, accepted: 2, duplicates: -1 }],
    ['an index beyond what was sent', { ...none, rejected: [rejection(1)] }],
    ['read beyond what was sent', { ...none, accepted: 2, read: 2, stopped: { code: 'X' } }],
  ])('does not believe a 202 with %s', (_, body) => {
    expect(readAnswer(answer(202, body), 1)).toMatchObject({ kind: 'unexpected' });
  });

  it('does not believe a rejection of an item that was not read', () => {
    const body = { ...none, read: 1, rejected: [rejection(1)], stopped: { code: 'X' } };
    expect(readAnswer(answer(207, body), 2)).toMatchObject({ kind: 'unexpected' });
  });

  it('does not believe that all was taken of which only a part was read', () => {
    const body = { ...none, accepted: 1, read: 1 };
    expect(readAnswer(answer(207, body), 2)).toMatchObject({ kind: 'unexpected' });
  });

  it('takes a body that was cut on its way for passing', () => {
    const body = { ...none, code: 'BODY_INCOMPLETE', rejectedTotal: 0 };
    expect(readAnswer(answer(400, body), 1)).toMatchObject({ kind: 'retryable' });
  });

  it('does not believe an answer that it has not read to its end', () => {
    expect(readAnswer({ ...answer(202, ''), body: null }, 1)).toMatchObject({ kind: 'unexpected' });
  });
});
