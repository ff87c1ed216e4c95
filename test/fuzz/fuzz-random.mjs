import { seededRandom } from '../chaos/seeded-random.mjs';

/** The choices of one case: the same ones for the same seed and number, whatever was tried before. */
export class FuzzRandom {
  #next;

  constructor(seed, number) {
    this.#next = seededRandom(Math.imul(seed + 1, 0x85ebca6b) ^ Math.imul(number + 1, 0x9e3779b1));
  }

  /** A whole number from 0 to below `bound`. */
  below(bound) {
    return Math.floor(this.#next() * bound);
  }

  /** True with these odds, 0 to 1. */
  chance(odds) {
    return this.#next() < odds;
  }

  pick(list) {
    return list[this.below(list.length)];
  }

  /** One of the choices of `[weight, choice]`. */
  weighted(table) {
    const total = table.reduce((sum, [weight]) => sum + weight, 0);
    let at = this.#next() * total;
    for (const [weight, choice] of table) {
      if (at < weight) return choice;
      at -= weight;
    }
    return table.at(-1)[1];
  }
}
