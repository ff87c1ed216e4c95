const TERMINAL_EVERY_MS = 100;
const PLAIN_EVERY_MS = 5_000;
/** How often elsewhere than on a terminal it is looked whether a line is due. */
const PLAIN_LOOK_MS = 1_000;
const BAR_WIDTH = 30;

const perSecondOf =
  (what: string) =>
  (perSecond: number): string =>
    `${Math.round(perSecond)} ${what}/s`;

/** What amounts are counted in, and how a rate of so many per second is printed. */
const RATES = {
  bytes: (perSecond: number): string => `${(perSecond / 1024 / 1024).toFixed(1)} MiB/s`,
  users: perSecondOf('users'),
  hours: perSecondOf('hours'),
  rows: perSecondOf('rows'),
};

type Unit = keyof typeof RATES;
type Report = (done: number, total: number) => void;

/**
 * Progress of long work on standard error: a bar with rate and ETA on a terminal, plain lines now
 * and then elsewhere. It begins with the first report, and is shown again while no other one comes, until its end.
 */
export class Progress {
  private readonly terminal = process.stderr.isTTY;
  private started: number | null = null;
  private shown: number | null = null;
  private visible = false;
  private told = { done: 0, total: 0 };
  private timer: NodeJS.Timeout | null = null;

  constructor(
    private readonly what: string,
    private readonly unit: Unit = 'bytes',
  ) {}

  readonly report: Report = (done, total) => {
    this.told = { done, total };
    this.started ??= Date.now();
    if (this.timer === null) {
      const look = (): void => {
        this.show();
      };
      this.timer = setInterval(look, this.terminal ? TERMINAL_EVERY_MS : PLAIN_LOOK_MS);
      this.timer.unref(); // it keeps nothing from ending
    }
    this.show();
  };

  /** Takes the bar away, so that something else can be printed there; it comes back soon. */
  clear(): void {
    if (!this.visible) return;
    process.stderr.write('\r\u001b[K');
    this.visible = false;
    this.shown = 0;
  }

  /** Takes the bar away for good; another report begins another one. */
  end(): void {
    this.clear();
    if (this.timer !== null) clearInterval(this.timer);
    this.timer = this.started = this.shown = null;
  }

  private show(): void {
    const now = Date.now();
    const started = this.started ?? now;
    const every = this.terminal ? TERMINAL_EVERY_MS : PLAIN_EVERY_MS;
    if (now - (this.shown ?? started) < every) return;
    this.shown = now;
    const { done, total } = this.told;
    const rate = done / ((now - started) / 1000);
    const share = total === 0 ? 1 : done / total;
    const eta = rate === 0 ? '?' : String(Math.ceil((total - done) / rate));
    const filled = '#'.repeat(Math.round(share * BAR_WIDTH)).padEnd(BAR_WIDTH, '.');
    const text = `${(share * 100).toFixed(0)} %, ${RATES[this.unit](rate)}, ${eta} s left`;
    this.visible = this.terminal;
    process.stderr.write(
      this.terminal ? `\r\u001b[K${this.what} [${filled}] ${text} ` : `${this.what}: ${text}\n`,
    );
  }
}

/** Progress of a work in parts, one after the other: where one reports, the one before is over. */
export class ProgressParts {
  private current: Progress | null = null;

  /** @returns how a part reports. */
  part(what: string, unit: Unit = 'bytes'): Report {
    const progress = new Progress(what, unit);
    return (done, total) => {
      if (progress !== this.current) this.end();
      this.current = progress;
      progress.report(done, total);
    };
  }

  /** See `Progress`. */
  clear(): void {
    this.current?.clear();
  }

  end(): void {
    this.current?.end();
    this.current = null;
  }
}
