import { expect, test } from '@jest/globals';
import { quickRandom } from '../../../test/support/quick-random.js';
import { testSeed } from '../../../test/support/seeded-random.js';
import { OpenItems, type Placed } from './open-items.js';

test('open items are those of a Set, whatever comes and goes', () => {
  const random = quickRandom(testSeed());
  const items = new OpenItems<Placed>();
  const expected = new Set<Placed>();
  const all = Array.from({ length: 50 }, (): Placed => ({ place: -1 }));
  for (let step = 0; step < 10_000; step += 1) {
    const item = all[Math.floor(random() * all.length)]!;
    if (expected.has(item) || random() < 0.2) {
      items.delete(item);
      expected.delete(item);
    } else {
      items.add(item);
      expected.add(item);
    }
    expect(items.size).toBe(expected.size);
    if (step % 100 === 0) expect(new Set(items.list())).toEqual(expected);
    for (const one of items.list())
      expect(items.find(({ place }) => place === one.place)).toBe(one);
  }
});
