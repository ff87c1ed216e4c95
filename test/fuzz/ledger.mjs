import { createReadStream } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Violation } from './check-answer.mjs';
import { judgeEvent } from './event-model.mjs';

/** What was acknowledged, to be compared with what the log holds. */
export class Ledger {
  accepted = 0;
  /** What answers acknowledged of events that are in doubt. */
  acceptedInDoubt = 0;
  /** Of events without an id: by user, how many and their sum in millionths. */
  #users = new Map();
  #payloads = new Map();
  #reused = [];
  #maybe = new Map();
  #doubtful = new Map();

  /** Adds what `checkAnswer` made of an answer. @throws Violation when one id was taken with two contents */
  add({ accepted, taken, reused, maybe }) {
    this.accepted += accepted;
    for (const event of taken) this.#take(event);
    this.#reused.push(...reused);
    this.addMaybe(maybe);
  }

  /** Events with ids of which an answer left open whether they were taken. */
  addMaybe(events) {
    for (const { id, payload } of events) {
      if (id === null) throw new Error('an event without an id cannot be told from others');
      this.#maybe.set(id, payload);
    }
  }

  /** Events of one request that was broken: with ids of their own, so many of the first ones may be in the log. */
  addDoubtful(events) {
    for (const [index, { id, payload }] of events.entries())
      this.#doubtful.set(id, { payload, before: events[index - 1]?.id });
  }

  #take({ id, userId, payload, micros }) {
    if (id === null) {
      const user = this.#users.get(userId) ?? { count: 0, sum: 0n };
      this.#users.set(userId, { count: user.count + 1, sum: user.sum + micros });
      return;
    }
    const known = this.#payloads.get(id) ?? payload;
    if (known !== payload) throw new Violation(`id ${id} was taken with ${known} and ${payload}`);
    this.#payloads.set(id, payload);
  }

  /** Reads all of the log. @returns the number of its records @throws Violation */
  async compare(dataDir) {
    const stored = { users: new Map(), payloads: new Map(), records: 0, doubtful: 0 };
    for await (const line of linesOf(join(dataDir, 'staging'))) this.#read(line, stored);
    for (const [id, payload] of this.#payloads) {
      if (!stored.payloads.has(id)) throw new Violation(`lost: id ${id}, ${payload}`);
    }
    for (const { id, payload } of this.#reused) {
      const other = stored.payloads.get(id);
      if (other === undefined || other === payload)
        throw new Violation(`id ${id} was not reused: ${other}`);
    }
    compareUsers(this.#users, stored.users);
    this.#compareCounts(stored);
    return stored;
  }

  #compareCounts({ records, doubtful }) {
    if (records - doubtful !== this.accepted) {
      throw new Violation(
        `${records} records, ${doubtful} of them in doubt, but ${this.accepted} acknowledged`,
      );
    }
    if (doubtful < this.acceptedInDoubt) {
      throw new Violation(
        `${doubtful} records of broken requests, but ${this.acceptedInDoubt} acknowledged`,
      );
    }
  }

  #read(line, stored) {
    stored.records += 1;
    const { timestamp, ...event } = JSON.parse(line);
    const { code, id, userId, payload, micros } = judgeEvent(event);
    if (code !== undefined) throw new Violation(`${code} in the log: ${line}`);
    const idMember = id === null ? '' : `"id":${JSON.stringify(id)},`;
    const canonical = `{"timestamp":${timestamp},${idMember}${payload.slice(1)}`;
    if (line !== canonical) throw new Violation(`not canonical: ${line}`);
    if (id === null) {
      const user = stored.users.get(userId) ?? { count: 0, sum: 0n };
      stored.users.set(userId, { count: user.count + 1, sum: user.sum + micros });
      return;
    }
    if (stored.payloads.has(id)) throw new Violation(`twice in the log: ${line}`);
    stored.payloads.set(id, payload);
    const known = this.#payloads.get(id);
    if (known === payload) return;
    if (known !== undefined)
      throw new Violation(`other content than was acknowledged, ${known}: ${line}`);
    const doubt = this.#doubtful.get(id);
    if (doubt?.payload !== payload && this.#maybe.get(id) !== payload)
      throw new Violation(`nobody sent: ${line}`);
    if (doubt === undefined) return;
    stored.doubtful += 1;
    if (doubt.before !== undefined && !stored.payloads.has(doubt.before)) {
      throw new Violation(
        `of a broken request, this is there but not what came before it: ${line}`,
      );
    }
  }
}

function compareUsers(expected, stored) {
  for (const userId of new Set([...expected.keys(), ...stored.keys()])) {
    const [mine, theirs] = [expected.get(userId), stored.get(userId)];
    if (mine?.sum === theirs?.sum && mine?.count === theirs?.count) continue;
    const show = (user) =>
      user === undefined ? 'nothing' : `${user.count} events, ${user.sum} millionths`;
    throw new Violation(
      `${JSON.stringify(userId)}: ${show(mine)} acknowledged, ${show(theirs)} stored`,
    );
  }
}

async function* linesOf(directory) {
  const names = (await readdir(directory)).filter((name) => name.endsWith('.jsonl')).sort();
  for (const name of names) {
    const input = createReadStream(join(directory, name), { encoding: 'utf8' });
    let rest = '';
    for await (const part of input) {
      const lines = (rest + part).split('\n');
      rest = lines.pop();
      yield* lines;
    }
    if (rest !== '') throw new Violation(`the log ends within a record: ${rest}`);
  }
}
