import { seededRandom } from '../../test/chaos/seeded-random.mjs';

const SEED = 1;

/**
 * Makes events, the same ones each time: values from 0.01 to 1,000, a tenth of them with decimals, a fifth of them
 * subtracted, users in random order.
 */
export function eventMaker(users) {
  const random = seededRandom(SEED);
  const digits = Math.max(6, String(users - 1).length);
  return () => {
    const userId = `user-${String(Math.floor(random() * users)).padStart(digits, '0')}`;
    const whole = 1 + Math.floor(random() * 1_000);
    const cents = random() < 0.1 ? Math.floor(random() * 100) : 0;
    const value = (whole * 100 - cents) / 100; // divided once, so that it has at most two decimals
    const name = random() < 0.2 ? 'subtract_revenue' : 'add_revenue';
    return { userId, name, value };
  };
}
