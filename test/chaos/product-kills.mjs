import { setTimeout as sleep } from 'node:timers/promises';
import { DatabaseServer } from './database-server.mjs';
import { Violation } from './stored-records.mjs';

/** How long a kill waits at most: before it at random, after a tick of the load, after something began. */
const RUNNING_MAX_MS = 1_000;
const LOADING_MAX_MS = 400;
const RETIRING_MAX_MS = 200;
const RESTARTING_MAX_MS = 800;
const HURRY_EVENTS = 25_000;
const HURRY_MAX_MS = 5_000;
/** As much as the worker threads of a load fold, rather than its own thread. */
const BACKLOG_BYTES = 1024 * 1024;
const SERVER_BACK_MAX_MS = 60_000;
const LOOK_MS = 10;

/** Comes to the instant of a kill, and kills PostgreSQL where that is who is to die. */
export class ProductKills {
  #server;
  #senders;
  #figures;

  /** @param given `dataDir`; `senders`; `figures`, to count in */
  constructor({ dataDir, senders, figures }) {
    this.#server = new DatabaseServer(dataDir);
    this.#senders = senders;
    this.#figures = figures;
  }

  /**
   * @param plan as `KillDeck` has it
   * @param life of the application, which is left to be killed as a rule, if it is to be
   * @returns what it came to @throws Violation
   */
  async comeTo(plan, life) {
    const { kind, instant } = plan;
    if (plan.hurries) this.#senders.hurry(HURRY_EVENTS);
    switch (kind) {
      case 'when a backlog is loaded':
        await this.#comeToBacklog(instant, life);
        return kind;
      case 'while segments are retired': {
        if (!(await life.retires())) return 'while events are sent';
        await sleep(instant * RETIRING_MAX_MS);
        return kind;
      }
      case 'within a load':
      case 'a backend within a load':
      case 'the server within a load':
        return this.#comeIntoLoad(plan, life);
      default:
        await sleep(instant * RUNNING_MAX_MS);
        await this.#killDatabase(plan);
        return kind;
    }
  }

  async #comeToBacklog(instant, life) {
    this.#senders.hurry(HURRY_EVENTS);
    await life.untilTick(0);
    await this.#senders.hurried(HURRY_MAX_MS);
    if ((await life.backlogBytes()) >= BACKLOG_BYTES) {
      this.#figures.add('backlogs over 1 MiB before a kill', 1);
    }
    await life.untilTick(instant * LOADING_MAX_MS);
  }

  /** A load that does not come, because it still fails after the last kill, say, is not waited for. */
  async #comeIntoLoad({ kind, waitsFor }, life) {
    const isReached = await this.#server.whileLoadWaits(waitsFor, async (killBackend) => {
      if (kind === 'within a load') await life.kill();
      else if (kind === 'a backend within a load') killBackend();
      else await this.#server.killServer();
    });
    if (isReached) return `${kind}, at ${waitsFor}`;
    this.#figures.miss(`${kind}, at ${waitsFor}`);
    if (kind === 'within a load') return 'while events are sent';
    await this.#killDatabase({ kind: 'the server' });
    return 'the server';
  }

  /** @throws Violation when there is nobody to kill, since the server does not come back */
  async #killDatabase({ kind, pick, instant }) {
    const server = this.#server;
    switch (kind) {
      case 'a backend':
      case 'another process':
        await insist(() => server.killProcess(kind === 'a backend', pick));
        return;
      case 'the server while it restarts':
        await insist(() => server.killServer());
        await sleep(instant * RESTARTING_MAX_MS);
        await insist(() => server.killServer());
        return;
      case 'the server':
      case 'application and server':
        await insist(() => server.killServer());
        return;
      default: // the application alone
    }
  }
}

/** Tries until a process was killed. */
async function insist(kill) {
  for (const deadline = Date.now() + SERVER_BACK_MAX_MS; Date.now() < deadline;) {
    if (await kill()) return;
    await sleep(LOOK_MS);
  }
  throw new Violation('manual', `PostgreSQL is not there for ${SERVER_BACK_MAX_MS} ms`);
}
