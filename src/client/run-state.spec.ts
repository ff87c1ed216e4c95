import { describe, expect, it } from '@jest/globals';
import { decodeRunState, encodeRunState, newRunState, type RunState } from './run-state.js';

const state: RunState = {
  ...newRunState('0b5e9c9e-5f0b-4b1e-9c64-3a3b9f4f7f11', '/data/events.jsonl', {
    size: 2 ** 40,
    sha256: 'ab'.repeat(32),
  }),
  line: 2 ** 33,
  sentLine: 2 ** 34,
  sentSince: '2026-11-22T10:00:00.000Z',
  accepted: 5,
  rejected: 1,
  rejectedLines: [{ line: 3, code: 'ID_REUSED', message: 'm' }],
};

describe('the state of a run', () => {
  it('comes back as it was written', () => {
    expect(decodeRunState(encodeRunState(state))).toEqual({ kind: 'state', state });
  });

  it('is refused wherever it is torn', () => {
    const text = encodeRunState(state);
    for (let length = 0; length < text.length - 1; length += 1) {
      expect(decodeRunState(text.slice(0, length)).kind).toBe('unreadable');
    }
  });

  it.each(Object.keys(state))('is refused without %s', (property) => {
    const text = JSON.stringify({ ...JSON.parse(encodeRunState(state)), [property]: undefined });
    expect(decodeRunState(text)).toEqual({
      kind: 'unreadable',
      reason: `"${property}" is missing or not valid`,
    });
  });

  it('is refused in a format of another version', () => {
    const text = JSON.stringify({ ...state, format: 1 });
    expect(decodeRunState(text)).toEqual({ kind: 'unreadable', reason: 'its format is not 2' });
  });
});
