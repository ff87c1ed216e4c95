import type { DataSource, EntityManager } from 'typeorm';
import {
  beginUserHistory,
  rollUpUserHours,
  type UserHistoryPlace,
} from '../revenue/revenue.port.js';
import { inTransaction } from './in-transaction.js';

/** What is done for revenue over time by user beside the loads, once nothing is left to load. */
export class UserHistoryUpkeep {
  private hasBegun = false;
  /** Milliseconds since 1970 of the pass that was begun last; -Infinity: none by this process. */
  private rollsUpBefore = -Infinity;
  /** Where the next portion of that pass begins; null: it is over. */
  private after: UserHistoryPlace | null | undefined = null;

  constructor(
    private readonly dataSource: DataSource,
    private readonly logId: string,
  ) {}

  /** A load has begun it. */
  noteLoad(): void {
    this.hasBegun = true;
  }

  /** So that it is known from now on, and not from the next event. */
  async begin(): Promise<void> {
    if (this.hasBegun) return;
    await this.inTransaction((manager) => beginUserHistory(manager, this.logId));
    this.hasBegun = true;
  }

  /**
   * One portion of a pass through all users, for each day that is to be rolled up, and after a start. In a transaction of
   * its own: however much there is, no load fails by it or takes longer.
   * @param before milliseconds since 1970
   * @returns whether there is more.
   */
  async rollUp(before: number): Promise<boolean> {
    if (before > this.rollsUpBefore) {
      this.rollsUpBefore = before;
      this.after = undefined;
    }
    if (this.after === null) return false;
    const { after, rollsUpBefore } = this;
    this.after = await this.inTransaction(async (manager) => {
      // A rebuild holds off whoever changes what it compares.
      await manager.query('select from load_checkpoint where log_id = $1 for update', [this.logId]);
      return rollUpUserHours(manager, new Date(rollsUpBefore), after);
    });
    return this.after !== null;
  }

  private async inTransaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { result } = await inTransaction(this.dataSource, async (manager) => ({
      kind: 'committed',
      result: await work(manager),
    }));
    return result;
  }
}
