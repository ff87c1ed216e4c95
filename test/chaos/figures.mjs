/** What a campaign counted, and a line of progress with the time that is left. */
const LINES = 20;

export class Figures {
  #counts = new Map();
  #kills = new Map();
  #misses = new Map();
  #seconds = new Map();
  #startedAt = Date.now();
  #done = 0;
  #cycles;

  constructor(cycles) {
    this.#cycles = cycles;
  }

  add(name, number) {
    increase(this.#counts, name, number);
  }

  kill(where) {
    increase(this.#kills, where, 1);
  }

  /** A process ended without having come to its point. */
  miss(where) {
    increase(this.#misses, where, 1);
  }

  /** Adds up how long things of this name take. */
  async time(name, work) {
    const begun = performance.now();
    try {
      return await work;
    } finally {
      increase(this.#seconds, name, (performance.now() - begun) / 1000);
    }
  }

  /** On a terminal one line that is written over; off it, a line now and then. */
  cycle() {
    this.#done += 1;
    const seconds = (Date.now() - this.#startedAt) / 1000;
    const left = (seconds / this.#done) * (this.#cycles - this.#done);
    const line = `${this.#done} of ${this.#cycles} cycles, ${seconds.toFixed(0)} s, about ${left.toFixed(0)} s left`;
    if (process.stdout.isTTY) process.stdout.write(`\r${line.padEnd(70)}`);
    else if (this.#done % Math.ceil(this.#cycles / LINES) === 0) console.log(line);
    if (process.stdout.isTTY && this.#done === this.#cycles) process.stdout.write('\n');
  }

  /** @param found the kind of the violation that ended it, null when there was none */
  print(found) {
    const seconds = ((Date.now() - this.#startedAt) / 1000).toFixed(1);
    console.log(`\nkills, by point:\n${listed(this.#kills)}`);
    if (this.#misses.size > 0) console.log(`points not reached:\n${listed(this.#misses)}`);
    console.log(`\n${this.#done} cycles in ${seconds} s`);
    const total = [...this.#kills.values()].reduce((sum, count) => sum + count, 0);
    console.log(`kills: ${total}, at ${this.#kills.size} points`);
    if (this.#seconds.size > 0) {
      const spent = [...this.#seconds].map(([name, sum]) => `${name} ${sum.toFixed(0)} s`);
      console.log(`time: ${spent.join(', ')}`);
    }
    for (const [name, count] of this.#counts) console.log(`${name}: ${count}`);
    for (const kind of ['lost', 'doubled', 'damaged', 'wrong']) {
      console.log(`${kind}: ${found === kind ? 'yes' : 0}`);
    }
    console.log(`manual steps: ${found === 'manual' ? 'yes' : 0}`);
  }
}

const increase = (counts, name, number) => counts.set(name, (counts.get(name) ?? 0) + number);

const listed = (counts) =>
  [...counts]
    .sort(([one], [other]) => (one < other ? -1 : 1))
    .map(([name, count]) => `  ${String(count).padStart(6)} ${name}`)
    .join('\n');
