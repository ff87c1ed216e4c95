import { createReadStream } from 'node:fs';
import { addEvent, noSums } from './event-sums.mjs';

const NEWLINE = 10;
const PIECE_BYTES = 1024 * 1024;
/** The one layout that all servers write. Three times as fast as JSON.parse, and there are millions of them. */
const RECORD =
  /\{(?:"timestamp":\d{13},)?(?:"id":"bench-(\d+)-(\d{7})-(\d+)",)?"userId":"([^"]+)","name":"(\w+)","value":([\d.]+)\}\n/y;

/**
 * Reads what a server stored, record by record, and compares it with what it had answered.
 * @param given `files` in order; `answered`, as `BodyPool` tells it; `ids` or not, `eventsPerBody`
 * @throws when there is a line of another layout, or when the number of records, a sum over them, or an id is another one
 */
export async function checkRecords({ files, answered, ids, eventsPerBody }) {
  const stored = noSums();
  const known = ids ? new KnownIds(answered.rounds, eventsPerBody) : null;
  for (const file of files) {
    await forEachRecord(file, ([, body, round, line, userId, name, value]) => {
      addEvent(stored, { userId, name, value: Number(value) });
      if (known !== null) known.add(body, Number(round), Number(line));
      else if (body !== undefined) throw new Error('there is an id that nobody sent');
    });
  }
  const [is, should] = [stored, answered.sums].map((sums) => JSON.stringify(sums));
  if (is !== should) throw new Error(`stored is ${is}, but answered was ${should}`);
  return stored;
}

/** The ids of all answered bodies. Each is to come once: then, with as many records as ids, none is missing. */
class KnownIds {
  #rounds;
  #eventsPerBody;
  #seen;

  constructor(rounds, eventsPerBody) {
    this.#rounds = rounds;
    this.#eventsPerBody = eventsPerBody;
    this.#seen = rounds.map((count) => new Uint8Array(count * eventsPerBody));
  }

  /** @throws for one that was not answered, and for one that comes again */
  add(body, round, line) {
    const known = round < this.#rounds[body] && line < this.#eventsPerBody;
    if (!known) throw new Error(`an id was not answered: body ${body}, round ${round}, ${line}`);
    const seen = this.#seen[body][round * this.#eventsPerBody + line]++;
    if (seen > 0) throw new Error(`an id is there twice: body ${body}, round ${round}, ${line}`);
  }
}

/** @throws at a line of another layout, and when the last one has no end */
async function forEachRecord(file, onRecord) {
  let rest = Buffer.alloc(0);
  for await (const piece of createReadStream(file, { highWaterMark: PIECE_BYTES })) {
    const bytes = rest.length === 0 ? piece : Buffer.concat([rest, piece]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    const text = bytes.latin1Slice(0, end);
    for (let at = 0; at < end; at = RECORD.lastIndex) {
      RECORD.lastIndex = at;
      const record = RECORD.exec(text);
      if (record === null) throw new Error(`${file} has a line ${text.slice(at, at + 200)}`);
      onRecord(record);
    }
    rest = bytes.subarray(end);
  }
  if (rest.length > 0) throw new Error(`the last line of ${file} has no end`);
}
