import { describe, expect, test } from '@jest/globals';
import { isoInstant } from './iso-instant.js';

describe('an instant as text', () => {
  test.each([
    [0, '1970-01-01T00:00:00.000Z'],
    [1_763_800_000_123, '2025-11-22T08:26:40.123Z'],
    [8_640_000_000_000_000, '+275760-09-13T00:00:00.000Z'],
    [8_640_000_000_000_001, '+275760-09-13T00:00:00.001Z'],
    [8_640_000_000_000_000 + 86_400_000, '+275760-09-14T00:00:00.000Z'],
    [Number.MAX_SAFE_INTEGER, '+287396-10-12T08:59:00.991Z'],
  ])('of %d is %s', (ms, text) => {
    expect(isoInstant(ms)).toBe(text);
  });
});
