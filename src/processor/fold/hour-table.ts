import type { HourPage } from '../../revenue/revenue.port.js';
import { encodeDeltas } from './encode-deltas.js';
import { createFoldWindow } from './fold-window.js';
import { hashOf } from './hash-key.js';
import { sortUsers } from './sort-users.js';
import { UserTable, type TableContents } from './user-table.js';

const DIGITS_MAX = 16;
const MS_PER_HOUR = 3_600_000;

/** Of a timestamp in milliseconds since 1970: hours since then, with a fraction. */
export const hoursOf = (timestamp: number): number => timestamp / MS_PER_HOUR;

/**
 * One exact sum per hour of UTC. The keys of a table of users are bytes, and so are the digits of an hour's number.
 */
export class HourTable {
  private readonly table = new UserTable();
  private readonly key = createFoldWindow(DIGITS_MAX);

  /** Distinct ones. */
  get hours(): number {
    return this.table.users;
  }

  /** The entry of an hour, made if need be. @param hours since 1970; a fraction is cut off */
  place(hours: number): number {
    const { bytes, view } = this.key;
    const length = bytes.write(String(Math.floor(hours)), 'latin1');
    return this.table.place(view, 0, length, hashOf(view, 0, length));
  }

  add(entry: number, wholes: number, micros: number): void {
    this.table.add(entry, wholes, micros);
  }

  /** The table is empty afterwards. */
  takeContents(): TableContents {
    return this.table.takeContents();
  }

  merge(contents: TableContents): void {
    this.table.merge(contents);
  }

  /** All of them; null without any. */
  encode(): HourPage | null {
    const order = sortUsers(this.table);
    if (order.length === 0) return null;
    const { users: hours, userIds: numbers, deltas } = encodeDeltas(this.table, order);
    return { hours, numbers, deltas };
  }
}
