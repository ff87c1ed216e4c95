import type { DataSource, EntityManager } from 'typeorm';
import {
  beginUserHistory,
  rollUpUserHours,
  type UserHistoryPlace,
} from '../revenue/revenue.port.js';
import { inTransaction } from './in-transaction.js';

/** What a portion of a roll-up did. */
export interface RolledUp {
  /** Of users over time, which it went through. */
  readonly rows: number;
  /** Nothing is left to do, until a later day is due. */
  readonly isOver: boolean;
}

/**
 * What is done for revenue over time by user beside the loads, once nothing is left to load.
 *
 * Old hours are rolled up in passes through all users, a portion at a time. A pass goes on where it is when another day
 * becomes due, with that day, too, and is followed by one more for the users that it was through with: began it
 * anew instead, the last users would never have their turn where a pass takes longer than a day.
 */
export class UserHistoryUpkeep {
  private hasBegun = false;
  /** Hours before are made days, in milliseconds since 1970; -Infinity: nobody asked for it yet. */
  private before = -Infinity;
  /** The same when the pass began that is under way, or was the last one. */
  private beforeAtStart = -Infinity;
  /** Where the next portion of the pass begins, undefined: at the first user; null: it is over. */
  private after: UserHistoryPlace | null | undefined = null;

  /** @param rowsMax of a portion */
  constructor(
    private readonly dataSource: DataSource,
    private readonly logId: string,
    private readonly rowsMax?: number,
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
   * One portion, in a transaction of its own: however much there is, no load fails by it or takes longer.
   * @param before milliseconds since 1970; an earlier one than before changes nothing.
   */
  async rollUp(before: number): Promise<RolledUp> {
    this.before = Math.max(this.before, before);
    if (this.after === null) {
      if (this.beforeAtStart === this.before) return { rows: 0, isOver: true };
      this.beforeAtStart = this.before;
      this.after = undefined;
    }
    const portion = { after: this.after, rowsMax: this.rowsMax };
    const { rows, next } = await this.inTransaction(async (manager) => {
      // A rebuild holds off whoever changes what it compares.
      await manager.query('select from load_checkpoint where log_id = $1 for update', [this.logId]);
      return rollUpUserHours(manager, new Date(this.before), portion);
    });
    this.after = next;
    return { rows, isOver: next === null && this.beforeAtStart === this.before };
  }

  private async inTransaction<T>(work: (manager: EntityManager) => Promise<T>): Promise<T> {
    const { result } = await inTransaction(this.dataSource, async (manager) => ({
      kind: 'committed',
      result: await work(manager),
    }));
    return result;
  }
}
