/** What a campaign counted, and a line of progress with the time that is left. */
const LINES = 20;

export class Figures {
  #counts = new Map();
  #kills = new Map();
  #startedAt = Date.now();
  #done = 0;
  #cycles;

  constructor(cycles) {
    this.#cycles = cycles;
  }

  add(name, number) {
    this.#counts.set(name, (this.#counts.get(name) ?? 0) + number);
  }

  kill(where) {
    this.#kills.set(where, (this.#kills.get(where) ?? 0) + 1);
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
    const kills = [...this.#kills].sort(([one], [other]) => (one < other ? -1 : 1));
    console.log(`\nkills, by point:`);
    for (const [where, count] of kills) console.log(`  ${String(count).padStart(6)} ${where}`);
    const total = kills.reduce((sum, [, count]) => sum + count, 0);
    console.log(`\n${this.#done} cycles in ${seconds} s`);
    console.log(`kills: ${total}, at ${kills.length} points`);
    for (const [name, count] of this.#counts) console.log(`${name}: ${count}`);
    for (const kind of ['lost', 'doubled', 'damaged', 'wrong']) {
      console.log(`${kind}: ${found === kind ? 'yes' : 0}`);
    }
    console.log(`manual steps: ${found === 'manual' ? 'yes' : 0}`);
  }
}
