/**
 * Which kill comes next, and when. Kinds of kills are dealt like cards, so that even a short campaign has each
 * of them; all random numbers of a kill are drawn at once, so that the same seed makes the same plans, whatever
 * happens in between.
 */

/** The application dies; its database follows it, as its guard sees to it. */
const APPLICATION = [
  'while starting',
  'while events are sent',
  'while events are sent',
  'when a backlog is loaded',
  'within a load',
  'while segments are retired',
];
/** Processes of PostgreSQL die, and the application goes on. */
const DATABASE = ['the server', 'a backend', 'a backend within a load', 'the server within a load'];
/** More for a campaign of these alone. */
const DATABASE_MORE = ['a backend', 'a backend', 'another process', 'the server while it restarts'];

const DECKS = {
  product: APPLICATION,
  database: [...DATABASE, ...DATABASE_MORE],
  mixed: [...APPLICATION, ...DATABASE, 'application and server'],
};

/** Kinds of kills that leave the application alive. */
const LEAVES_ALIVE = new Set([...DATABASE, ...DATABASE_MORE]);

const SEGMENT_BYTES_MAX = [20_000, 200_000, 2_000_000];
const ACTIONS = ['archive', 'delete'];
const LOAD_EVERY_SECONDS = [1, 1, 2, 3];
/** Statements of a load that are kept waiting: its first, its longest, its last. */
const WAITS_FOR = ['load_checkpoint', 'users_revenue', 'loads'];
const HURRY_SHARE = 0.3;
const UNSETTLED_SHARE = 0.3;

export class KillDeck {
  #random;
  #kinds;
  #left = [];

  /** @param level of a campaign */
  constructor(level, random) {
    this.#random = random;
    this.#kinds = DECKS[level];
  }

  /**
   * @returns `kind`; `life`, the settings of the application if it is to be started for this kill; `instant`,
   * from 0 to below 1, of the time in question; and what else may matter
   */
  next() {
    const kind = this.#draw();
    const leavesAlive = LEAVES_ALIVE.has(kind);
    return {
      kind,
      leavesAlive,
      instant: this.#random(),
      life: this.life(),
      pick: this.#random(),
      waitsFor: this.#of(WAITS_FOR),
      /** From 0 to below 1: what is sent again. */
      again: this.#random(),
      /** Many events at once, so that there is a backlog. */
      hurries: this.#random() < HURRY_SHARE,
      /** The next kill comes before the application has recovered from this one. */
      unsettled: this.#random() < UNSETTLED_SHARE,
    };
  }

  life() {
    return {
      segmentBytesMax: this.#of(SEGMENT_BYTES_MAX),
      action: this.#of(ACTIONS),
      loadEverySeconds: this.#of(LOAD_EVERY_SECONDS),
    };
  }

  #draw() {
    if (this.#left.length === 0) this.#left = [...this.#kinds];
    const at = Math.floor(this.#random() * this.#left.length);
    return this.#left.splice(at, 1)[0];
  }

  #of(list) {
    return list[Math.floor(this.#random() * list.length)];
  }
}
