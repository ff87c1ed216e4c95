import { isHalf, isLook, pointsOf } from './crash-points.mjs';

/** Kills at a random instant, among all. */
const RANDOM_SHARE = 0.2;
/** What a kill counts as: one that leaves nothing behind is done less often, half a write more often. */
const TURNS = { look: 5, half: 0.5, other: 1 };
/** Most parts of a write are small ones: torn before its first line end, too. */
const HALF_SKEW = 3;
/** As if it had been done so often when it becomes known: half writes come first. */
const FIRST_TURNS = { look: 1, half: -1, other: 0 };

/**
 * Which crash points there are, as processes told that passed them, and which comes next: at random one of
 * those that came least often. So a point that was found late is made up for at once.
 *
 * Some points are passed only after a certain kill (what is cut off after half a write, what is removed
 * that was not renamed): for those, that kill comes first, once more. Some are passed only in a new log.
 */
export class PointBook {
  /**
   * By point, `most`: how often one phase passes it, at most; `after`: what it needs before it, see `note`;
   * `turns`: how often it came, or as if.
   */
  #known = new Map();
  #next = [];
  #random;

  constructor(random) {
    this.#random = random;
  }

  get size() {
    return this.#known.size;
  }

  /**
   * @param phase that was gone through completely
   * @param counts of calls in it
   * @param killedAt the point where the process before this one died, 'outside' for any instant, 'new'
   * when there was none and no log, null after a clean end
   */
  note(phase, counts, killedAt) {
    for (const [call, count] of Object.entries(counts)) {
      for (const point of pointsOf(phase, call)) {
        const {
          most = 0,
          after,
          turns = FIRST_TURNS[sortOf(point)],
        } = this.#known.get(point) ?? {};
        const needs = earlier(after, killedAt);
        this.#known.set(point, { most: Math.max(most, count), after: needs, turns });
      }
    }
  }

  /** A process did not come to the point: what came before it is not what it needs. */
  missed(point) {
    const known = this.#known.get(point);
    if (this.#known.has(known.after)) known.after = 'outside';
  }

  /** The order for the next process, null for a kill from outside. */
  next() {
    if (this.#next.length === 0) this.#next = this.#choose();
    return this.#next.shift();
  }

  /** Whether the next one counts on what this kill leaves behind, so that nobody may tidy up. */
  get nextNeedsKill() {
    return this.#next.length > 0;
  }

  #choose() {
    if (this.#random() < RANDOM_SHARE) return [null];
    // Those that were only seen after a random instant wait until it is known what they need.
    const points = [...this.#known].filter(([, { after }]) => after !== 'outside').sort();
    const fewest = Math.min(...points.map(([, { turns }]) => turns));
    const candidates = points.filter(([, { turns }]) => turns === fewest).map(([point]) => point);
    const point = candidates[Math.floor(this.#random() * candidates.length)];
    const { after } = this.#known.get(point);
    const order = { ...this.#orderFor(point), onNewLog: after === 'new' };
    return this.#known.has(after) ? [this.#orderFor(after), order] : [order];
  }

  #orderFor(point) {
    const known = this.#known.get(point);
    known.turns += TURNS[sortOf(point)];
    // Rather an early time than a late one, which may not come.
    const nth = 1 + Math.floor(this.#random() ** 2 * known.most);
    return { point, nth, share: this.#random() ** HALF_SKEW };
  }
}

function sortOf(point) {
  if (isLook(point)) return 'look';
  return isHalf(point) ? 'half' : 'other';
}

/**
 * What a point needs before it, of two that it was seen after: nothing when it was seen without a kill; and
 * rather a kill that can be done again than one at a random instant.
 */
function earlier(known, seen) {
  if (known === undefined || known === 'outside' || seen === null) return seen;
  return known;
}
