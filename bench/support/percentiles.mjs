/** Of at least one number: how many there are, and what half, 99 % and all of them are at most. */
export function percentiles(numbers) {
  if (numbers.length === 0) throw new Error('there is nothing to tell percentiles of');
  const sorted = numbers.toSorted((one, other) => one - other);
  const at = (share) => sorted[Math.floor((sorted.length - 1) * share)];
  return { count: sorted.length, p50: at(0.5), p99: at(0.99), max: sorted.at(-1) };
}
