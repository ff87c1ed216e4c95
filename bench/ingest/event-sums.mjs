const CENTS = 100;
const USER_NUMBER_AT = 'user-'.length;

/** What two sets of events have in common that are the same: whole numbers, exact far beyond any bench. */
export const noSums = () => ({ events: 0, added: 0, subtracted: 0, userNumbers: 0 });

/** An event of `eventMaker`: with at most two decimals, and a user who has a number. @throws for another name */
export function addEvent(sums, { userId, name, value }) {
  sums.events++;
  sums.userNumbers += Number(userId.slice(USER_NUMBER_AT));
  if (name === 'add_revenue') sums.added += Math.round(value * CENTS);
  else if (name === 'subtract_revenue') sums.subtracted += Math.round(value * CENTS);
  else throw new Error(`there is a name ${name}`);
}

/** Adds those of some events, so many times. */
export function addSums(sums, other, times) {
  for (const name of Object.keys(sums)) sums[name] += other[name] * times;
}
