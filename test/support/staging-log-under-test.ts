import type { StagingLog } from '../../src/staging-log/staging-log.port.js';
import type { Gate } from './staging-log-faults.js';

export interface LogBounds {
  readonly dedupeIdsMax?: number;
  readonly dedupeWindowSeconds?: number;
  readonly appendQueueBytesMax?: number;
  readonly backlogBytesMax?: number;
  readonly diskFreeBytesMin?: number;
}

/** One log, empty at first, and the ground under it. */
export interface StagingLogUnderTest {
  /** Opens the log, as a process does that starts. The one before it was closed. */
  open(bounds?: LogBounds): Promise<StagingLog>;
  /** Makes what is to become durable wait from now on. */
  holdSyncs(): Gate;
  /** The next attempt to make something durable fails, and none after it. */
  failNextSync(): void;
  /** The wall clock says this from now on; no time passes. */
  setClock(now: number): void;
  /** Time passes, by every clock. */
  passTime(milliseconds: number): void;
  setFreeBytes(bytes: number): void;
  remove(): Promise<void>;
}

/** What the parts of the contract have in common. */
export interface ContractContext {
  readonly subject: () => StagingLogUnderTest;
  readonly log: () => StagingLog;
  readonly reopen: (bounds?: LogBounds) => Promise<StagingLog>;
}
