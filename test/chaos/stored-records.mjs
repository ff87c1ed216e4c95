import { idOf, SENDERS } from './records.mjs';

const NEWLINE = 0x0a;
const SHOWN_CHARS = 200;
const LINE = /^\{"timestamp":\d+,"id":"(\d+):(\d+)",/;

/** What a check finds that must not be. */
export class Violation extends Error {
  constructor(kind, message) {
    super(message);
    this.kind = kind;
  }
}

/**
 * Goes along a log and counts what the senders have in it. Their records are there in order, exactly once
 * each, and nothing else is.
 */
export class StoredRecords {
  /** By sender: the number of records that are there. */
  counts;
  /** Up to here it was looked at. */
  offset;
  #payloadOf;
  #starts = [];
  #senders = [];

  /**
   * @param payloadOf what the payload of a record must be, by sender and number
   * @param base where to begin: the offset, and the counts of the records before it
   */
  constructor(payloadOf, { offset, counts } = { offset: 0, counts: new Array(SENDERS).fill(0) }) {
    this.#payloadOf = payloadOf;
    this.offset = offset;
    this.counts = [...counts];
  }

  /** Takes what follows; the rest behind the last line end is a torn tail, and left. */
  take(bytes) {
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    for (let start = 0; start < end;) {
      const next = bytes.indexOf(NEWLINE, start) + 1;
      this.#takeLine(bytes.toString('utf8', start, next - 1));
      this.offset += next - start;
      start = next;
    }
  }

  /** Another one that goes the same way once more, from an offset on. */
  again(offset) {
    return new StoredRecords(this.#payloadOf, { offset, counts: this.countsAt(offset) });
  }

  /** By sender, how many records are before an offset that was passed. */
  countsAt(offset) {
    const at = offset === this.offset ? this.#starts.length : placeOf(this.#starts, offset);
    if (at < 0) throw new Violation('damaged', `no record begins at ${offset}`);
    return this.#countsOf(at);
  }

  /** By sender, how many records are before the last ones, of all senders together. */
  countsBeforeLast(records) {
    return this.#countsOf(Math.max(0, this.#starts.length - records));
  }

  /** From the end back: as a rule that is the shorter way. */
  #countsOf(records) {
    const counts = [...this.counts];
    for (let at = this.#senders.length - 1; at >= records; at--) counts[this.#senders[at]] -= 1;
    return counts;
  }

  #takeLine(line) {
    const match = LINE.exec(line);
    const [sender, number] = [Number(match?.[1]), Number(match?.[2])];
    const wanted = match === null ? null : this.#payloadOf(sender, number);
    if (match === null || line.slice(match[0].length) !== wanted.slice(1)) {
      const head = JSON.stringify(line.slice(0, SHOWN_CHARS));
      throw new Violation('damaged', `at ${this.offset} is what nobody sent: ${head}`);
    }
    const next = this.counts[sender];
    const id = idOf(sender, number);
    if (number < next) throw new Violation('doubled', `${id} is at ${this.offset}, once more`);
    if (number > next) {
      throw new Violation('lost', `${id} is at ${this.offset}, without ${idOf(sender, next)}`);
    }
    this.counts[sender] = next + 1;
    this.#starts.push(this.offset);
    this.#senders.push(sender);
  }

  /** @param acknowledged by sender, how many records were @throws Violation when one is not there */
  assertHolds(acknowledged) {
    for (const [sender, count] of this.counts.entries()) {
      const promised = acknowledged[sender];
      if (count >= promised) continue;
      const missing = `${idOf(sender, count)} to ${idOf(sender, promised - 1)}`;
      throw new Violation('lost', `acknowledged and not there: ${missing}`);
    }
  }
}

/** By halves, in numbers that grow. @returns -1 when it is not there */
function placeOf(numbers, number) {
  let [low, high] = [0, numbers.length - 1];
  while (low <= high) {
    const middle = (low + high) >> 1;
    if (numbers[middle] === number) return middle;
    if (numbers[middle] < number) low = middle + 1;
    else high = middle - 1;
  }
  return -1;
}
