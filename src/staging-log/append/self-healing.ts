import type { GroupCommit, CommitTarget } from './group-commit.js';

const FIRST_DELAY_MS = 100;
const DELAY_MAX_MS = 2_000;

export interface SelfHealingOptions {
  readonly commits: GroupCommit;
  readonly target: CommitTarget;
  readonly report: (level: 'info' | 'error', message: string) => void;
  /** Where what is durable ends. */
  readonly end: () => number;
  /** Told when commits go on. */
  readonly onHealed: () => void;
}

/** After a failed commit, tries again and again to heal what is written to, until commits can go on. */
export class SelfHealing {
  private timer: NodeJS.Timeout | undefined;
  private running: Promise<void> | null = null;
  private stopped = false;

  constructor(private readonly options: SelfHealingOptions) {}

  begin(): void {
    this.healLater(FIRST_DELAY_MS);
  }

  /** After the last commit. What it refused would else be loaded after the next start, so it is cut off. */
  async stop(): Promise<void> {
    this.stopped = true;
    clearTimeout(this.timer);
    await this.running;
    const { commits, target, report, end } = this.options;
    if (commits.failed === null) return;
    await target.heal().catch((error: unknown) => {
      report('error', `what was refused may still stand at offset ${end()}: ${String(error)}`);
    });
  }

  private healLater(delayMs: number): void {
    if (this.stopped) return;
    this.timer = setTimeout(() => {
      this.running = this.heal(delayMs);
    }, delayMs).unref();
  }

  private async heal(delayMs: number): Promise<void> {
    const { commits, target, report, onHealed } = this.options;
    await commits.idle();
    try {
      await target.heal();
    } catch (error) {
      report('error', `the staging log cannot go on yet: ${String(error)}`);
      this.healLater(Math.min(DELAY_MAX_MS, delayMs * 2));
      return;
    }
    commits.resume();
    onHealed();
  }
}
