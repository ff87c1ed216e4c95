const TERMINAL_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5_000;
const BAR_WIDTH = 30;

/**
 * Progress of long work on standard error: a bar with rate and ETA on a terminal, plain lines now
 * and then elsewhere. Amounts are bytes.
 */
export class Progress {
  private readonly started = Date.now();
  private readonly terminal = process.stderr.isTTY;
  private shown = this.started;

  constructor(private readonly what: string) {}

  report(done: number, total: number): void {
    const now = Date.now();
    if (now - this.shown < (this.terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS)) return;
    this.shown = now;
    const seconds = Math.max(0.001, (now - this.started) / 1000);
    const rate = done / seconds;
    const share = total === 0 ? 1 : done / total;
    const eta = rate === 0 ? '?' : String(Math.ceil((total - done) / rate));
    const filled = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    const mib = (rate / 1024 / 1024).toFixed(1);
    const text = `${(share * 100).toFixed(0)} %, ${mib} MiB/s, ${eta} s left`;
    process.stderr.write(
      this.terminal ? `\r${this.what} [${filled}] ${text} ` : `${this.what}: ${text}\n`,
    );
  }

  /** Takes the bar away, so that something else can be printed there; the next report brings it back. */
  clear(): void {
    if (this.terminal && this.shown !== this.started) process.stderr.write('\r\u001b[K');
  }

  end(): void {
    this.clear();
  }
}
