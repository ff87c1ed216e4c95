import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { cloudEventKey } from './cloud-event-key.js';

const text = fc.string({ unit: 'binary', maxLength: 40 }); // code points of all planes, no halves

describe('the key of a CloudEvent', () => {
  // Computed with another SHA-256 than that of Node.js.
  it.each([
    ['/billing', 'inv-17:3', 'ce:shSF2-XTlJCSiNhl6cKdyIqwF8T2_8G1pbw1htefOr4'],
    ['urn:münchen', '🧾-1', 'ce:260FuFZjC_xLNgkZB0vKH2rCSuIMYKk1TUXIHltBRJc'],
  ])('of %s and %s is this one for good', (source, id, key) => {
    expect(cloudEventKey(source, id)).toBe(key);
  });

  it('tells where source ends and id begins', () => {
    expect(cloudEventKey('a', 'bc')).not.toBe(cloudEventKey('ab', 'c'));
    fc.assert(
      fc.property(text, text, text, (a, b, c) => {
        fc.pre(b !== '');
        expect(cloudEventKey(a, b + c)).not.toBe(cloudEventKey(a + b, c));
      }),
    );
  });

  it('is the same for the same two, another one for others, and always 46 characters', () => {
    const pair = fc.tuple(text, text);
    fc.assert(
      fc.property(pair, pair, ([source, id], [otherSource, otherId]) => {
        const key = cloudEventKey(source, id);
        expect(key).toMatch(/^ce:[\w-]{43}$/);
        expect(cloudEventKey(Array.from(source).join(''), id)).toBe(key);
        const same = source === otherSource && id === otherId;
        expect(cloudEventKey(otherSource, otherId) === key).toBe(same);
      }),
    );
  });

  it.each([
    ['é as one code point or two', 'é'.normalize('NFC'), 'é'.normalize('NFD')],
    ['upper and lower case', 'A', 'a'],
    ['a space at the end', 'a', 'a '],
  ])('takes the text as it is: %s', (_, one, other) => {
    expect(cloudEventKey('/s', one)).not.toBe(cloudEventKey('/s', other));
    expect(cloudEventKey(one, '1')).not.toBe(cloudEventKey(other, '1'));
  });
});
