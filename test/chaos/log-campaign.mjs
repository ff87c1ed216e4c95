import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { checkOpenedLog } from './check-opened-log.mjs';
import { isHalf } from './crash-points.mjs';
import { checkShares } from './log-share.mjs';
import { PointBook } from './point-book.mjs';
import { logPayload, SENDERS } from './records.mjs';
import { ShiftedClock } from './shifted-clock.mjs';
import { StoredLog } from './stored-log.mjs';
import { Violation } from './stored-records.mjs';

const CHILD = join(import.meta.dirname, 'log-child.mjs');
/** A new log after so many kills, so that a cycle costs the same in a long campaign. */
const CYCLES_PER_LOG = 150;
/** From the beginning of opening. */
const RANDOM_DELAY_MAX_MS = 150;
/** A process that lives for so long hangs. */
const LIFE_MAX_MS = 60_000;
const CALLS_PER_OPENING_MAX = 8;
/** So often this process looks at the log itself, between the kills. */
const LOOK_SHARE = 0.25;
const LOOK_AT_HALF_SHARE = 0.5;

/**
 * Kills a process that appends to a log, loads it, and retires its oldest segments, again and again. Proves
 * after each time that the log holds what was acknowledged, once and in order, or that a share tells of it;
 * and that every start after a kill works by itself.
 */
export class LogCampaign {
  #settings;
  #book;
  #log;

  /**
   * @param settings `random`; `dist`, the compiled application; `figures`, to count in; `fault`, to plant one
   */
  constructor(settings) {
    this.#settings = settings;
    this.#book = new PointBook(settings.random);
  }

  /** The directory of the log that is used now, for a look at it. */
  get directory() {
    return this.#log?.root;
  }

  /** @throws Violation, which leaves the directory behind */
  async run(cycles) {
    for (let cycle = 0; cycle < cycles; cycle++) {
      if (cycle % CYCLES_PER_LOG === 0) {
        await this.#endLog();
        this.#log = await newLog();
      }
      await this.#cycle();
      this.#settings.figures.cycle();
    }
    await this.#endLog();
  }

  /** What was not answered yet is sent until it is; then all is there, from beginning to end. */
  async #endLog() {
    if (this.#log === undefined) return;
    const { root, dataDir, acknowledged, stored } = this.#log;
    await this.#look({ finish: true });
    this.#log.read = stored.records.again(stored.start);
    stored.forgetProofs();
    await this.#look({ finish: false });
    const unasked = stored.records.counts.findIndex((count, at) => count > acknowledged[at]);
    if (unasked >= 0) throw new Violation('damaged', `sender ${unasked} has more than it sent`);
    const names = await readdir(join(dataDir, 'staging'));
    const left = names.find((name) => name.endsWith('.new'));
    if (left !== undefined) throw new Violation('manual', `${left} is left over, after a start`);
    const torn = names.filter((name) => name.startsWith('torn-')).length;
    this.#settings.figures.add('torn tails cut', torn);
    await rm(root, { recursive: true });
    this.#log = undefined;
  }

  /** In the first one nobody is killed: that process tells which points there are. */
  async #cycle() {
    if (this.#book.size === 0) {
      await this.#killOnce({ point: 'none' });
      return;
    }
    const order = this.#book.next();
    if (order?.onNewLog) await this.#killOnNewLog(order);
    else await this.#killOnce(order);
  }

  /** Begins a log beside the one that grows, is killed meanwhile, and goes on with it. */
  async #killOnNewLog(order) {
    const growing = this.#log;
    this.#log = await newLog();
    await this.#killOnce(order);
    await this.#endLog();
    this.#log = growing;
  }

  /** @param order null for a random instant */
  async #killOnce(order) {
    const { random, figures } = this.#settings;
    const log = this.#log;
    const run = await this.#runChild(order, order === null ? random() * RANDOM_DELAY_MAX_MS : null);
    log.killedAt = run.unreached ? null : (run.diedAt ?? 'outside');
    if (!run.unreached) figures.kill(run.diedAt ?? 'random instant');
    else if (order.point !== 'none') {
      figures.miss(order.point);
      this.#book.missed(order.point);
    }
    await this.#checkFiles();
    // What half a write leaves behind is looked at, or left to a process that may be killed over it.
    const share = run.diedAt !== null && isHalf(run.diedAt) ? LOOK_AT_HALF_SHARE : LOOK_SHARE;
    if (!this.#book.nextNeedsKill && random() < share) await this.#look({ finish: false });
  }

  /** Runs a process until it is dead, and takes down what it said. */
  async #runChild(order, delayMs) {
    const { random, dist, fault } = this.#settings;
    const { dataDir, acknowledged, clock, checkpoint } = this.#log;
    const plan = {
      ...{ dist, fault, dataDir, order, acknowledged, clock, checkpoint, again: random() },
      firstAction: Math.floor(random() * 2),
      callsPerOpening: 1 + Math.floor(random() * CALLS_PER_OPENING_MAX),
      firstSize: Math.floor(random() * 3),
    };
    const stdio = ['ignore', 'pipe', 'pipe'];
    const child = spawn(process.execPath, [CHILD, JSON.stringify(plan)], { stdio });
    const run = { diedAt: null, unreached: false, violation: null, openings: 0 };
    const kill = () => child.kill('SIGKILL');
    let hangs = false;
    const watchdog = setTimeout(() => {
      hangs = true;
      kill();
    }, LIFE_MAX_MS);
    const closed = once(child, 'close');
    const errors = text(child.stderr);
    for await (const line of createInterface({ input: child.stdout })) {
      if (line === 'opening' && run.openings === 0 && delayMs !== null) setTimeout(kill, delayMs);
      this.#hear(line, run);
    }
    clearTimeout(watchdog);
    const [code, signal] = await closed;
    if (hangs) throw new Violation('manual', `a process hangs\n${await errors}`);
    if (signal !== 'SIGKILL') {
      const how = `a process ended by itself, with ${code ?? signal}`;
      throw new Violation('manual', `${how}\n${await errors}`);
    }
    if (run.violation !== null) throw run.violation;
    return run;
  }

  #hear(line, run) {
    const log = this.#log;
    const [word, first, second, third] = line.split(' ');
    switch (word) {
      case 'opening':
        run.openings += 1;
        break;
      case 'open':
        if (Number(first) < log.endTold) {
          const went = `the end went back from ${log.endTold} to ${first}`;
          run.violation ??= new Violation('lost', went);
        }
        break;
      case 'acknowledged':
        this.#settings.figures.add('acknowledged', Number(second) - log.acknowledged[first]);
        log.acknowledged[first] = Number(second);
        log.endTold = Math.max(log.endTold, Number(third));
        break;
      case 'jumped':
        log.clock.jump(log.acknowledged);
        break;
      case 'loaded':
        log.checkpoint = JSON.parse(first);
        break;
      case 'retired':
        this.#settings.figures.add(`retired by ${first}`, 1);
        break;
      case 'passed':
        this.#book.note(first, JSON.parse(second), run.openings === 1 ? log.killedAt : null);
        break;
      case 'dies':
        run.diedAt = first;
        break;
      case 'lost':
      case 'doubled':
      case 'damaged':
      case 'wrong':
        run.violation ??= new Violation(word, line);
        break;
      case 'unreached':
        run.unreached = true;
        break;
      default: // a report
    }
  }

  /** The files alone: all that was acknowledged is there, once, in order. @returns bytes of a torn tail */
  async #checkFiles() {
    const { dataDir, stored, acknowledged, endTold } = this.#log;
    const { tornBytes, shares } = await stored.check();
    const { records } = stored;
    await checkShares(join(dataDir, 'staging'), shares, records);
    records.assertHolds(acknowledged);
    const end = records.offset + tornBytes;
    if (end < endTold) throw new Violation('lost', `the log ends at ${end}, not at ${endTold}`);
    // Whole records stay, whether their senders got an answer or not.
    this.#log.endTold = Math.max(endTold, records.offset);
    return tornBytes;
  }

  /** Opens the log as an application does that starts, and asks it. */
  async #look({ finish }) {
    const { dist, fault, random } = this.#settings;
    const { read, stored } = this.#log;
    // Since the last look, what nobody read there may have been deleted.
    if (read.offset < stored.start) this.#log.read = stored.records.again(stored.start);
    await checkOpenedLog({ ...this.#log, dist, fault, finish, again: random() });
    this.#log.killedAt = null;
    const tornBytes = await this.#checkFiles();
    if (tornBytes > 0) throw new Violation('damaged', `a torn tail of ${tornBytes} bytes was kept`);
  }
}

async function newLog() {
  const root = await mkdtemp(join(tmpdir(), 'revenue-etl-chaos-'));
  const dataDir = join(root, 'data');
  await mkdir(dataDir);
  const stored = new StoredLog(join(dataDir, 'staging'), logPayload);
  return {
    root,
    dataDir,
    acknowledged: new Array(SENDERS).fill(0),
    /** The highest end of the log that anybody was told. */
    endTold: 0,
    /** What the files hold, and what the log gives those who read it; both as far as looked at. */
    stored,
    read: stored.records.again(0),
    clock: new ShiftedClock(),
    /** As the database has it: what is loaded. */
    checkpoint: { offset: 0, counts: stored.records.counts, fingerprint: '' },
    /** Where the last process died: 'new' before the first, 'outside', null after a clean end. */
    killedAt: 'new',
  };
}
