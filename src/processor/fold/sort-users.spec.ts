import { describe, expect, test } from '@jest/globals';
import { deltasOf } from '../../../test/support/fold-bytes.js';
import { quickRandom } from '../../../test/support/quick-random.js';
import { testSeed } from '../../../test/support/seeded-random.js';
import { Fold } from './fold-records.js';

/** User ids as the fold would send them. */
function sorted(userIds: readonly string[]): string[] {
  const fold = new Fold();
  for (const userId of userIds) fold.addEvent({ userId, name: 'add_revenue', value: 1 }, 0);
  return [...deltasOf(fold).keys()];
}

const byBytes = (userIds: readonly string[]): string[] =>
  [...new Set(userIds)].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));

const numbers = (count: number): number[] => Array.from({ length: count }, (_, at) => at);

describe('users are in the order of their bytes', () => {
  test.each<[string, string[]]>([
    ['of one length', numbers(5_000).map((at) => String((at * 7_919) % 10_007).padStart(8, '0'))],
    ['each a prefix of the next', numbers(255).map((at) => 'x'.repeat(255 - at))],
    [
      'equal but for the last byte',
      numbers(90).map((at) => 'p'.repeat(250) + String.fromCharCode(126 - at)),
    ],
    [
      'beyond ASCII',
      ['😀', '\uffff', 'é', 'e', 'z', '\u{10000}', '\u007f', '\u0080', '\u07ff', '\u0800'],
    ],
    ['few of them', ['b', 'a']],
    ['one', ['a']],
    ['ascending', numbers(3_000).map((at) => String(10_000 + at))],
    ['descending', numbers(3_000).map((at) => String(20_000 - at))],
    ['up and down', numbers(3_000).map((at) => String(20_000 + (at % 2 === 0 ? at : -at)))],
    ['with control characters', ['a\u0001', 'a', 'a\u0001\u0001\u0001', 'a\u0001\u0001', '\u0001']],
  ])('%s', (_, userIds) => {
    expect(sorted(userIds)).toEqual(byBytes(userIds));
  });

  test('whatever they are', () => {
    const seed = testSeed();
    const random = quickRandom(seed);
    const below = (bound: number): number => (random() * bound) | 0;
    const sets = ['ab', 'a', 'aé', '\u0001\u007f€', 'ab😀', '0123456789'];
    const alphabets = sets.map((set) => Array.from(set));
    for (let round = 0; round < 150; round++) {
      const alphabet = alphabets[below(alphabets.length)]!;
      const prefix = 'p'.repeat(below(3) * below(40));
      const lengthMax = 1 + below(14);
      const userIds = Array.from({ length: below(600) }, () => {
        const text = Array.from(
          { length: below(lengthMax) },
          () => alphabet[below(alphabet.length)],
        );
        return `${prefix}${text.join('')}-`;
      });
      expect({ seed, found: sorted(userIds) }).toEqual({ seed, found: byBytes(userIds) });
    }
  });
});
