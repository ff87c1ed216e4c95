import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { NESTING_LEVELS_MAX, nestsTooDeeply } from './nests-too-deeply.js';

const nested = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels);
const judge = (text: string): boolean => nestsTooDeeply(Buffer.from(text));

/** By what JSON.parse has made of a text. */
function levelsOf(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 0;
  return 1 + Math.max(0, ...Object.values(json).map(levelsOf));
}

describe('JSON nests too deeply', () => {
  it('beyond the bound, in arrays, objects, and both', () => {
    const objects = (levels: number): string => '{"a":'.repeat(levels) + '0' + '}'.repeat(levels);
    for (const text of [nested, objects]) {
      expect(judge(text(NESTING_LEVELS_MAX))).toBe(false);
      expect(judge(text(NESTING_LEVELS_MAX + 1))).toBe(true);
    }
    expect(judge(`[{"a":${nested(NESTING_LEVELS_MAX - 1)}}]`)).toBe(true);
  });

  it('never by its length', () => {
    expect(judge(`[${Array(100_000).fill('{"a":[]}').join()}]`)).toBe(false);
  });

  it('never by what is in a string', () => {
    for (const text of ['[['.repeat(50), '\\"[['.repeat(50), `\\\\\\"${'{'.repeat(50)}`, '"']) {
      expect(judge(JSON.stringify([{ userId: text }]))).toBe(false);
    }
    expect(judge(`["\\\\",${nested(NESTING_LEVELS_MAX)}]`)).toBe(true);
  });

  it('exactly when its values do', () => {
    const text = fc.string({ unit: fc.constantFrom('"', '\\', '[', '{', '}', ']', 'ü') });
    const around = fc.array(fc.tuple(fc.boolean(), text), { maxLength: 2 * NESTING_LEVELS_MAX });
    const property = (layers: [boolean, string][], core: unknown): void => {
      const value = layers.reduce<unknown>(
        (inner, [isArray, key]) => (isArray ? [key, inner, key] : { [key]: inner, x: key }),
        core,
      );
      expect(judge(JSON.stringify(value))).toBe(levelsOf(value) > NESTING_LEVELS_MAX);
    };
    fc.assert(fc.property(around, text, property), { numRuns: 1_000 });
  });

  it('is told of text that is cut off, too', () => {
    for (const text of ['', '"', '["\\', '[['.repeat(5), '}'.repeat(99)]) {
      expect(judge(text)).toBe(false);
    }
  });
});
