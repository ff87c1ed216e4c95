/**
 * Named instants at which a process kills itself with SIGKILL: before or after a call to the operating
 * system, or with half of its bytes written. A point reads `<phase>/<when>:<operation>:<kind of file>`,
 * `running/half:write:jsonl` for one. The operations are those that the port of the log has, and the
 * kinds are the endings of the files it touches, so a new kind of file is covered as soon as there is one.
 */
import { basename, dirname } from 'node:path';

/** Operations that leave nothing behind: a kill before or after them is like one at any other time. */
const LOOKS = /^(read|stat|fstat|lstat|diskSpace|close|exists|list)|^open\(r\)/;
/** Of these, the second path is the one that becomes something else. */
const TO_SECOND_PATH = /^(rename|link|copy)/;

/** `jsonl`, `sums.new`, `archive/jsonl.gz`, `directory`: what a path names, without its numbers. */
export function kindOfFile(path) {
  const name = basename(path);
  if (!name.includes('.')) return 'directory';
  const kind = name.replace(/^[^.]*\./, '');
  return basename(dirname(path)) === 'archive' ? `archive/${kind}` : kind;
}

/** The points that a call of this operation on this kind of file has, in a phase. */
export function pointsOf(phase, call) {
  const whens = LOOKS.test(call) ? ['before'] : ['before', 'after'];
  if (/^(write|append)/.test(call)) whens.push('half');
  return whens.map((when) => `${phase}/${when}:${call}`);
}

/** Whether what happens at this point can leave anything behind. */
export const isLook = (point) => LOOKS.test(point.replace(/^[a-z]+\/[a-z]+:/, ''));

/** Whether only a part of some bytes is written at this point. */
export const isHalf = (point) => point.includes('/half:');

/**
 * The files of a log whose process dies at one point: at its `nth` time (from 1) in that phase. Counts all
 * calls, so that others can choose among points that are really passed.
 */
export class CrashingFiles {
  phase = 'opening';
  /** Of the phase, since `begin`. */
  counts = new Map();
  files = {};
  #paths = new Map();
  #order;
  #passed = 0;

  /**
   * @param files the real ones
   * @param order `{ point, nth, share }`, `share` of the bytes of a half write; null: none
   * @param beforeDeath told of the point
   */
  constructor(files, order, beforeDeath) {
    this.#order = order;
    this.beforeDeath = beforeDeath;
    for (const [operation, perform] of Object.entries(files)) {
      this.files[operation] = (...given) => this.#call(operation, perform, given);
    }
  }

  begin(phase) {
    this.phase = phase;
    this.counts = new Map();
  }

  async #call(operation, perform, given) {
    const call = this.#nameOf(operation, given);
    const { phase } = this;
    this.counts.set(call, (this.counts.get(call) ?? 0) + 1);
    await this.#dieAt(`${phase}/before:${call}`);
    const { point, nth, share } = this.#order ?? {};
    if (point === `${phase}/half:${call}` && this.#passed + 1 === nth) {
      const some = given.map((one) =>
        one instanceof Uint8Array ? one.subarray(0, Math.floor(one.length * share)) : one,
      );
      await perform(...some);
    }
    await this.#dieAt(`${phase}/half:${call}`);
    const result = await perform(...given);
    if (operation === 'open') this.#paths.set(result, given[0]);
    await this.#dieAt(`${phase}/after:${call}`);
    return result;
  }

  #nameOf(operation, given) {
    const [first, second] = given;
    const named = TO_SECOND_PATH.test(operation) ? second : first;
    const path = typeof named === 'number' ? (this.#paths.get(named) ?? 'unknown.unknown') : named;
    const name = operation === 'open' ? `open(${second})` : operation;
    return `${name}:${kindOfFile(path)}`;
  }

  #dieAt(point) {
    if (this.#order?.point !== point || ++this.#passed < this.#order.nth) return undefined;
    this.beforeDeath(point);
    process.kill(process.pid, 'SIGKILL');
    return new Promise(() => undefined); // nothing more is done in the moment that is left
  }
}
