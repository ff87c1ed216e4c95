import { idOf, range, scatter } from './records.mjs';

/** So many that a load of a backlog writes for some time. */
const USERS = 5_000;
const ODD_USERS = ['__proto__', 'hasOwnProperty', "o'brien", 'Ünïcödé 👩‍🚀', ' ', 'x'.repeat(255)];
const CALL_EVENTS_MAX = 40;
const CENTS_MAX = 1_000_000;
/** Some amounts are beyond what doubles add exactly to others. */
const LARGE_EVERY = 50;
const LARGE_CENTS = 99_999_999_999_999;

/** How many events the call has that begins with this one. */
export const eventsInCall = (sender, number) => 1 + (scatter(sender, number) % CALL_EVENTS_MAX);

function facts(sender, number) {
  const scattered = scatter(sender, number);
  const pick = scattered % USERS;
  const cents =
    (scattered >>> 4) % LARGE_EVERY === 0 ? LARGE_CENTS : (scattered >>> 6) % (CENTS_MAX + 1);
  return { userId: ODD_USERS[pick] ?? `user-${pick}`, cents, adds: (scattered >>> 2) % 5 < 3 };
}

/** The event without its id. */
function eventOf(sender, number) {
  const { userId, cents, adds } = facts(sender, number);
  return { userId, name: adds ? 'add_revenue' : 'subtract_revenue', value: cents / 100 };
}

/** As it stands in the log. */
export const productPayload = (sender, number) => JSON.stringify(eventOf(sender, number));

/** As they are sent. */
export const productEvents = (sender, from, to) =>
  range(from, to).map((number) => ({ id: idOf(sender, number), ...eventOf(sender, number) }));

/** What the balances must be, in cents, when so many events of each sender count once. */
export function sumOf(counts) {
  const sums = new Map();
  for (const [sender, count] of counts.entries()) {
    for (const number of range(0, count)) {
      const { userId, cents, adds } = facts(sender, number);
      sums.set(userId, (sums.get(userId) ?? 0n) + BigInt(adds ? cents : -cents));
    }
  }
  return sums;
}
