import type { Parcel } from './packer.js';
import type { ParcelReport } from './send-parcel.js';

/** Parcels that may be answered before one that was sent earlier is, per request in flight. */
const WINDOW_PER_REQUEST = 16;

export interface SendPoolOptions {
  /** Requests in flight at most. */
  readonly concurrencyMax: number;
  /** Aborted: nothing more is sent. */
  readonly halt: AbortSignal;
  /** Tells, as it goes, since when something of the parcel may be stored. */
  readonly send: (
    parcel: Parcel,
    sentSince: (since: number | null) => void,
  ) => Promise<ParcelReport>;
  /** Called for every parcel at once, in whatever order they are answered. */
  readonly reported: (report: ParcelReport) => void;
  /** Called in the order of the file, for all parcels up to the first that was not completed. */
  readonly settled: (report: ParcelReport) => void;
}

interface Slot {
  report: ParcelReport | null;
  /** In ms since 1970; null while nothing of it can be stored. */
  sentSince: number | null;
}

/**
 * Sends parcels concurrently and settles them in order: the state of a run knows one line up to
 * which all is answered, so an answer waits for those before it. One reader adds, one at a time.
 */
export class SendPool {
  /** One per parcel that is not settled, in the order of the file; null until it is answered. */
  private readonly slots: Slot[] = [];
  private inFlight = 0;
  /** Set by a parcel that was not completed: what comes after it cannot be settled. */
  private blocked = false;
  private defect: { readonly error: unknown } | null = null;
  private changed: () => void = () => undefined;

  constructor(private readonly options: SendPoolOptions) {}

  /** Waits for room and sends. False when the parcel was not sent and none will be any more. */
  async add(parcel: Parcel): Promise<boolean> {
    await this.until(() => this.ended || this.hasRoom());
    if (this.ended) return false;
    void this.launch(parcel);
    return true;
  }

  /** Resolves when nothing is in flight any more. Rejects with what `send` has thrown. */
  async drain(): Promise<void> {
    await this.until(() => this.inFlight === 0);
    if (this.defect !== null) throw this.defect.error;
  }

  /** Since when something may be stored that is not settled, in ms since 1970; null: nothing is. */
  sentSince(): number | null {
    const times = this.slots.flatMap(({ sentSince }) => sentSince ?? []);
    return times.length === 0 ? null : Math.min(...times);
  }

  private get ended(): boolean {
    return this.options.halt.aborted || this.defect !== null;
  }

  private hasRoom(): boolean {
    const { concurrencyMax } = this.options;
    const window = concurrencyMax * WINDOW_PER_REQUEST;
    return this.inFlight < concurrencyMax && this.slots.length < window;
  }

  private async launch(parcel: Parcel): Promise<void> {
    const slot: Slot = { report: null, sentSince: null };
    this.slots.push(slot);
    this.inFlight += 1;
    try {
      slot.report = await this.options.send(parcel, (since) => {
        slot.sentSince = since;
      });
      this.options.reported(slot.report);
      this.settle();
    } catch (error) {
      this.defect ??= { error };
    }
    this.inFlight -= 1;
    this.changed();
  }

  private settle(): void {
    while (!this.blocked) {
      const [slot] = this.slots;
      if (slot === undefined || slot.report === null) return;
      const { report } = slot;
      this.blocked = report.end.kind !== 'complete';
      if (this.blocked) slot.sentSince = report.openSince;
      else this.slots.shift();
      this.options.settled(report);
    }
  }

  private async until(condition: () => boolean): Promise<void> {
    while (!condition()) {
      await new Promise<void>((resolve) => {
        this.changed = resolve;
      });
    }
  }
}
