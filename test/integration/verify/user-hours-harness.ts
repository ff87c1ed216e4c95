import type { StagingLog, StagingLogReader } from '../../../src/staging-log/staging-log.port.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { BY_HOUR, HOUR_MS } from '../processor/user-history-bench.js';
import { HOURS_FOR_EVER } from './history-harness.js';
import { ShareHarness } from './share-harness.js';

const BIG = 999_999_999_999_999;
/** In an order that is neither that of their bytes nor that of UTF-16. */
const USERS = ['abc', 'abcd', 'é', '😀', '\uffff', 'x'];

type More = Record<string, unknown>;

/** Verify and rebuild of revenue by user, over logs whose every append is a segment. */
export class UserHoursHarness {
  static readonly FIRST = Date.parse('2025-11-20T20:00:00Z');
  instant = 0;
  log!: StagingLog;
  private readonly shares: ShareHarness;

  private constructor(readonly loads: LoadHarness) {
    this.shares = new ShareHarness(loads);
  }

  static async create(): Promise<UserHoursHarness> {
    return new UserHoursHarness(await LoadHarness.create());
  }

  static isoAt(hour: number): string {
    return new Date(UserHoursHarness.FIRST + hour * HOUR_MS).toISOString();
  }

  async reset(): Promise<void> {
    await this.loads.reset();
    this.log = await this.open('data');
  }

  query(sql: string): Promise<unknown> {
    return this.loads.dataSource.query(sql);
  }

  open(name: string): Promise<StagingLog> {
    return this.loads.openLog(name, { segmentBytesMax: 1, now: () => this.instant });
  }

  /** Events of all users in some hours. */
  async stage(from: number, to: number, into = this.log): Promise<void> {
    for (let hour = from; hour < to; hour++) {
      this.instant = UserHoursHarness.FIRST + hour * HOUR_MS;
      const events = USERS.map((user, at) => [user, at + hour + 0.000001] as const);
      await append(into, ...events, ['abc', BIG], ['x', 1, 'subtract_revenue']);
    }
  }

  async load(byHour: boolean, of: StagingLogReader = this.log): Promise<void> {
    const bounds = { ...BY_HOUR, byHour };
    await this.loads.processor(of, { historyHoursMax: HOURS_FOR_EVER, bounds }).runOnce();
  }

  verify(more: More = {}, of: StagingLogReader = this.log) {
    return this.shares.verify(of, { userHistory: true, ...more });
  }

  rebuild(more: More = {}) {
    return this.shares.rebuild(this.log, { userHistory: true, ...more });
  }

  get sharesOf(): ShareHarness {
    return this.shares;
  }
}
