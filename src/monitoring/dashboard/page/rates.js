/** One a second: the last 5 minutes. */
const POINTS_MAX = 300;
/** A pause longer than this is a gap, not a rate. */
const PAUSE_SECONDS_MAX = 6;
/** So much of the past tells how fast the log grows. */
const GROWTH_SECONDS_MIN = 20;

/** @typedef {{ at: number, uptime: number, accepted: number | null, loaded: number | null, end: number | null }} Point */

/** Rates from numbers that only grow. Bounded: what is older than the last points is forgotten. */
export class Rates {
  constructor() {
    /** @type {Point[]} */
    this.points = [];
    /** @type {Live | null} */
    this.last = null;
  }

  /** @returns {Point | undefined} */
  get latest() {
    return this.points.at(-1);
  }

  /** @param {Live} live */
  add(live) {
    const { last } = this;
    const at = Date.parse(live.at) / 1000;
    if (this.points.some((point) => point.at >= at)) this.points = []; // the server's clock was set back
    const seconds = last === null ? 0 : live.uptimeSeconds - last.uptimeSeconds;
    const isNext = last !== null && seconds > 0 && seconds <= PAUSE_SECONDS_MAX;
    if (!isNext && this.points.length > 0) this.push(gap(at - 0.001));
    const per = (/** @type {number | null} */ now, /** @type {number | null} */ before) =>
      isNext && now !== null && before !== null && now >= before ? (now - before) / seconds : null;
    this.push({
      at,
      uptime: live.uptimeSeconds,
      accepted: per(live.counts.accepted, last?.counts.accepted ?? null),
      loaded: per(loadedOf(live), loadedOf(last)),
      end: live.status.log.endOffset,
    });
    this.last = live;
  }

  /** Nothing is known from here on, until the next one. */
  interrupt() {
    this.last = null;
  }

  clear() {
    [this.points, this.last] = [[], null];
  }

  /** Bytes a second by which the log has grown since the last gap; null while it is too early to tell. */
  growth() {
    const since = this.points.slice(this.points.findLastIndex(({ end }) => end === null) + 1);
    const [first, last] = [since.at(0), since.at(-1)];
    if (first === undefined || last === undefined) return null;
    if (first.end === null || last.end === null) return null;
    const seconds = last.uptime - first.uptime;
    return seconds < GROWTH_SECONDS_MIN ? null : (last.end - first.end) / seconds;
  }

  /** @param {Point} point */
  push(point) {
    this.points.push(point);
    if (this.points.length > POINTS_MAX) this.points.splice(0, this.points.length - POINTS_MAX);
  }
}

/** @param {number} at @returns {Point} */
const gap = (at) => ({ at, uptime: 0, accepted: null, loaded: null, end: null });

/** @param {Live | null} live */
const loadedOf = (live) => live?.status.checkpoint?.events ?? null;
