/**
 * Reads something again when it may have changed, but not more often than each `everyMs`, and one at a time: what is
 * asked for meanwhile is done once, later.
 */
export class Refresh {
  /**
   * @param {() => Promise<void>} read settles its errors itself
   * @param {number} everyMs
   */
  constructor(read, everyMs) {
    this.read = read;
    this.everyMs = everyMs;
    this.busy = false;
    this.wanted = false;
  }

  /** Soon. */
  ask() {
    this.wanted = true;
    if (!this.busy) void this.work();
  }

  async work() {
    this.busy = true;
    while (this.wanted) {
      this.wanted = false;
      await this.read();
      await new Promise((resolve) => setTimeout(resolve, this.everyMs));
    }
    this.busy = false;
  }
}
