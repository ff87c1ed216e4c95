const TERMINAL_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5_000;
const BAR_WIDTH = 30;

/** What amounts are counted in, and how a rate of so many per second is printed. */
const RATES = {
  bytes: (perSecond: number): string => `${(perSecond / 1024 / 1024).toFixed(1)} MiB/s`,
  users: (perSecond: number): string => `${Math.round(perSecond)} users/s`,
};

/**
 * Progress of long work on standard error: a bar with rate and ETA on a terminal, plain lines now
 * and then elsewhere. It begins with the first report.
 */
export class Progress {
  private readonly terminal = process.stderr.isTTY;
  private started: number | null = null;
  private shown: number | null = null;
  private visible = false;

  constructor(
    private readonly what: string,
    private readonly unit: keyof typeof RATES = 'bytes',
  ) {}

  readonly report = (done: number, total: number): void => {
    const now = Date.now();
    this.started ??= now;
    const every = this.terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS;
    if (now - (this.shown ?? this.started) < every) return;
    this.shown = now;
    const rate = done / ((now - this.started) / 1000);
    const share = total === 0 ? 1 : done / total;
    const eta = rate === 0 ? '?' : String(Math.ceil((total - done) / rate));
    const filled = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    const text = `${(share * 100).toFixed(0)} %, ${RATES[this.unit](rate)}, ${eta} s left`;
    this.visible = this.terminal;
    process.stderr.write(
      this.terminal ? `\r\u001b[K${this.what} [${filled}] ${text} ` : `${this.what}: ${text}\n`,
    );
  };

  /** Takes the bar away, so that something else can be printed there; the next report brings it back. */
  clear(): void {
    if (!this.visible) return;
    process.stderr.write('\r\u001b[K');
    this.visible = false;
    this.shown = 0;
  }

  end(): void {
    this.clear();
  }
}
