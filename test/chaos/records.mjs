/**
 * Records that a sender makes from their number alone, so that whoever finds one knows what it must be. Each
 * sender sends 0, 1, 2 ... in calls, and repeats a call until it is answered. So in the log the numbers of a
 * sender follow each other without a gap and without a repetition: a gap is a loss, and a repetition counts
 * twice.
 */
export const SENDERS = 8;
const CALL_RECORDS_MAX = 5;
const LONG_EVERY = 97;
const LONG_CHARS = 20_000;
const FILL_CHARS_MAX = 700;

/** A number that has nothing to do with its neighbours (the finalizer of MurmurHash3). */
export function scatter(sender, number) {
  let mixed = Math.imul(number + 1, 0x9e3779b1) ^ Math.imul(sender + 1, 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) >>> 0;
}

/** How many records the call has that begins with this one. */
export const callLength = (sender, number) => 1 + (scatter(sender, number) % CALL_RECORDS_MAX);

export const idOf = (sender, number) => `${sender}:${number}`;

/** The numbers from `from` on, up to `to` (exclusive). */
export const range = (from, to) => Array.from({ length: to - from }, (_, at) => from + at);

/** The payload of a record at the level of the log; some are long. */
export function logPayload(sender, number) {
  const scattered = scatter(sender, number);
  const fill = scattered % LONG_EVERY === 0 ? LONG_CHARS : (scattered >>> 8) % (FILL_CHARS_MAX + 1);
  return JSON.stringify({ n: number, fill: 'é'.repeat(fill % 3) + 'x'.repeat(fill) });
}

/** Records as `append` takes them. */
export const logRecords = (sender, numbers) =>
  numbers.map((number) => ({ id: idOf(sender, number), payload: logPayload(sender, number) }));
