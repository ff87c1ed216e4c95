import type { UserTable } from './user-table.js';

/** Fewer are sorted by insertion: the other way costs more than it saves. */
const INSERTION_MAX = 12;

/** A stretch of the order whose keys are equal up to `depth` words. */
interface Stretch {
  readonly from: number;
  readonly to: number;
  readonly depth: number;
}

/**
 * The entries of a table in the order of the bytes of their keys, which is that of `collate "C"`. A
 * three-way radix quicksort by words of four bytes, with the current word of each key in an array of its
 * own (as in "Engineering Radix Sort", McIlroy, Bostic, McIlroy 1993, and "Fast Algorithms for Sorting and
 * Searching Strings", Bentley, Sedgewick 1997): the keys themselves are looked at once a word.
 */
export function sortUsers(table: UserTable): Int32Array {
  const order = table.entries();
  const heads = new Uint32Array(order.length);
  const stretches: Stretch[] = [];
  let next: Stretch | undefined = { from: 0, to: order.length, depth: 0 };
  for (; next !== undefined; next = stretches.pop()) {
    readHeads(table, { order, heads }, next);
    sortStretch({ order, heads, stretches }, next);
  }
  return order;
}

interface Order {
  readonly order: Int32Array;
  /** The word at the current depth of the key at the same place of the order. */
  readonly heads: Uint32Array;
}

interface Sorting extends Order {
  /** Still to be sorted by their next word. */
  readonly stretches: Stretch[];
}

/** A key that has ended gives 0, which no word of a key is: NUL is in none. */
function readHeads(table: UserTable, { order, heads }: Order, { from, to, depth }: Stretch): void {
  for (let place = from; place < to; place++) {
    const entry = order[place]!;
    heads[place] =
      4 * depth < table.keyLength(entry)
        ? bigEndian(table.words[table.keyPlace(entry) + depth]!)
        : 0;
  }
}

const bigEndian = (word: number): number =>
  ((word << 24) | ((word & 0xff00) << 8) | ((word >>> 8) & 0xff00) | (word >>> 24)) >>> 0;

/** Sorts by the current words, and leaves what is equal in them to be sorted by the next ones. */
function sortStretch(sorting: Sorting, { from, to, depth }: Stretch): void {
  const { heads, stretches } = sorting;
  const ranges: [number, number][] = [[from, to]];
  for (let range = ranges.pop(); range !== undefined; range = ranges.pop()) {
    const [low, high] = range;
    if (high - low <= INSERTION_MAX) {
      insertionSort(sorting, low, high);
      pushEquals(sorting, { from: low, to: high, depth });
      continue;
    }
    const [less, greater] = partition(sorting, low, high);
    ranges.push([low, less], [greater, high]);
    if (greater - less > 1 && heads[less] !== 0) {
      stretches.push({ from: less, to: greater, depth: depth + 1 });
    }
  }
}

function pushEquals({ heads, stretches }: Sorting, { from, to, depth }: Stretch): void {
  for (let start = from; start < to;) {
    let end = start + 1;
    while (end < to && heads[end] === heads[start]) end += 1;
    if (end - start > 1 && heads[start] !== 0) {
      stretches.push({ from: start, to: end, depth: depth + 1 });
    }
    start = end;
  }
}

function insertionSort({ order, heads }: Order, from: number, to: number): void {
  for (let place = from + 1; place < to; place++) {
    const [head, entry] = [heads[place]!, order[place]!];
    let gap = place;
    for (; gap > from && heads[gap - 1]! > head; gap--) {
      heads[gap] = heads[gap - 1]!;
      order[gap] = order[gap - 1]!;
    }
    heads[gap] = head;
    order[gap] = entry;
  }
}

/**
 * Around the median of three: less, then [less, greater) equal, then greater. Three at random: who knew which
 * ones could send users in an order that takes time by the square of their number (60,000: 4 s, and not 20 ms).
 */
function partition({ order, heads }: Order, from: number, to: number): [number, number] {
  const some = (): number => heads[from + Math.floor(Math.random() * (to - from))]!;
  const pivot = median(some(), some(), some());
  let [less, place, greater] = [from, from, to];
  while (place < greater) {
    const head = heads[place]!;
    if (head < pivot) swap(order, heads, less++, place++);
    else if (head > pivot) swap(order, heads, place, --greater);
    else place += 1;
  }
  return [less, greater];
}

const median = (a: number, b: number, c: number): number =>
  Math.max(Math.min(a, b), Math.min(Math.max(a, b), c));

// eslint-disable-next-line no-restricted-syntax -- called for each user many times
function swap(order: Int32Array, heads: Uint32Array, one: number, other: number): void {
  const [entry, head] = [order[one]!, heads[one]!];
  order[one] = order[other]!;
  heads[one] = heads[other]!;
  order[other] = entry;
  heads[other] = head;
}
