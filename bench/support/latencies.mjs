const FIRST_CAPACITY = 1 << 22;

/** Latencies in ms. Keeps all, where the garbage collector has nothing to do with them. */
export class Latencies {
  #values = new Float64Array(FIRST_CAPACITY);
  #count = 0;

  add(milliseconds) {
    if (this.#count === this.#values.length) {
      const larger = new Float64Array(this.#values.length * 2);
      larger.set(this.#values);
      this.#values = larger;
    }
    this.#values[this.#count++] = milliseconds;
  }

  /** @throws when there are none. */
  summarize(elapsedMs) {
    if (this.#count === 0) throw new Error('nothing was answered');
    const sorted = this.#values.subarray(0, this.#count).sort();
    const at = (share) => sorted[Math.floor((this.#count - 1) * share)];
    return { callsPerSecond: (this.#count * 1000) / elapsedMs, p50: at(0.5), p99: at(0.99) };
  }
}
