const DELAY_MS_MIN = 100;
const DELAY_MS_MAX = 10_000;
/** A server that ran this long was healthy: its next death starts again from the shortest delay. */
const HEALTHY_RUN_MS = 10_000;

/** Exponential delays from 100 ms to 10 s, for one server; a clock of its own so that death right after each start still backs off. */
export class RestartBackoff {
  private delayMs = DELAY_MS_MIN;
  private startedAtMs: number | undefined;

  constructor(private readonly now: () => number = () => performance.now()) {}

  /** To be called when the server has become ready. */
  started(): void {
    this.startedAtMs = this.now();
  }

  /** How long to wait before the next try; each call without a healthy run in between doubles it. */
  nextDelayMs(): number {
    if (this.startedAtMs !== undefined && this.now() - this.startedAtMs >= HEALTHY_RUN_MS)
      this.delayMs = DELAY_MS_MIN;
    this.startedAtMs = undefined;
    const delayMs = this.delayMs;
    this.delayMs = Math.min(DELAY_MS_MAX, delayMs * 2);
    return delayMs;
  }
}
