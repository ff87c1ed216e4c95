import { provideShare, readOn } from './log-share.mjs';
import { logPayload } from './records.mjs';
import { JUMPS_PER_OPENING, LOADED_FOR_MS } from './shifted-clock.mjs';
import { StoredRecords, Violation } from './stored-records.mjs';

/**
 * A few, so that there are always some left that are due. More are deleted, archives first: so it comes to
 * segments without a share, too.
 */
const RETIRED_PER_LOOK_MAX = { archive: 1, delete: 3 };
const OLD_BYTES = 64 * 1024;
const OLD_CHUNKS = 4;

/**
 * What the rest of an application does with an open log: loads it, from the checkpoint that its database has,
 * and retires its oldest segments, while days pass by.
 */
export class LoadAndRetire {
  #checkpoint;
  #clock;
  #acknowledged;
  #say;

  /**
   * @param given `checkpoint`; `clock`; `acknowledged`, by sender, which others add to; `say`, which tells the
   * database and everybody
   */
  constructor({ checkpoint, clock, acknowledged, say }) {
    this.#checkpoint = checkpoint;
    this.#clock = clock;
    this.#acknowledged = acknowledged;
    this.#say = say;
  }

  /** @param action of retirement @throws Violation */
  async run(log, action) {
    const { offset, fingerprint } = this.#checkpoint;
    const comparison = await log.compare(offset, fingerprint);
    if (comparison !== 'same') {
      throw new Violation('lost', `the record before the checkpoint ${offset} is ${comparison}`);
    }
    for (let jump = 0; jump < JUMPS_PER_OPENING; jump++) {
      await this.#load(log);
      await Promise.all([this.#retire(log, action), readOldest(log)]);
      this.#say('jumped');
      this.#clock.jump(this.#acknowledged);
    }
    await this.#load(log);
    await Promise.all([this.#retire(log, action), readOldest(log)]);
  }

  /** Each record once. The database commits before the log is told. */
  async #load(log) {
    const records = new StoredRecords(logPayload, this.#checkpoint);
    await readOn(log, records);
    const { offset, counts } = records;
    const fingerprint = await log.fingerprintBefore(offset);
    this.#checkpoint = { offset, counts, fingerprint };
    this.#say('loaded', JSON.stringify(this.#checkpoint));
    log.noteLoaded(offset);
  }

  async #retire(log, action) {
    const { retention } = log;
    for (let looks = 0; looks < RETIRED_PER_LOOK_MAX[action]; looks++) {
      const segment = await retention.findRetirable({ action, loadedForMs: LOADED_FOR_MS });
      if (segment === null) return;
      const share = await provideShare(log, segment.end);
      if (await retention.retire(segment, { action, share })) this.#say('retired', action);
    }
  }
}

/** Whoever reads what is just retired gets all of it, or is told that it is gone. */
async function readOldest(log) {
  let offset = log.startOffset();
  for (let chunks = 0; chunks < OLD_CHUNKS; chunks++) {
    const chunk = await log.read(offset, OLD_BYTES).catch((error) => {
      if (offset < log.startOffset()) return { kind: 'end' };
      throw error;
    });
    if (chunk.kind === 'end') return;
    if (chunk.kind !== 'records') {
      throw new Violation('damaged', `reading at ${offset} meanwhile: ${chunk.message}`);
    }
    offset = chunk.next;
  }
}
