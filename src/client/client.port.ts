/** A line of the events file that changed no balance, and why. */
export interface InvalidLine {
  /** Counted from 1, blank lines included. */
  readonly line: number;
  readonly code: string;
  readonly message: string;
}

/** What a whole run has done, over all the calls that it took. */
export interface RunSummary {
  readonly runId: string;
  /** Lines that are not blank; `accepted + duplicates + invalidTotal` when the run is finished. */
  readonly read: number;
  readonly accepted: number;
  readonly duplicates: number;
  /** The first 1,000 in the order of the file, whether the client or the server refused them. */
  readonly invalid: readonly InvalidLine[];
  readonly invalidTotal: number;
  /** Of this call. */
  readonly durationMs: number;
}

/** Where the run that is going on stands, or where the last one of this process ended. */
export interface RunProgress {
  readonly running: boolean;
  /** Null before the first run of this process, and while the file is still being fingerprinted. */
  readonly runId: string | null;
  /** Every line up to it has been answered. */
  readonly line: number;
  readonly read: number;
  readonly accepted: number;
  readonly duplicates: number;
  readonly invalidTotal: number;
  /** Of the file, in this call; what an earlier call has sent is read again, without being sent. */
  readonly bytesRead: number;
  /** Size of the file when it was opened; 0 before that. */
  readonly bytesTotal: number;
  /** Events answered per second of this call. */
  readonly ratePerSecond: number;
}

/** Sends the events file to ingest; at most one run at a time in a process. */
export abstract class GenerateEvents {
  /**
   * Runs the whole file, or goes on with a run that was interrupted. When this resolves, every
   * valid line is durable at the server and the run is recorded as finished.
   * @throws Problem for every expected reason to refuse or to stop; its code is stable.
   */
  abstract run(): Promise<RunSummary>;

  abstract progress(): RunProgress;

  /** `changed` is called at once when a run begins and when it has ended; `progress` tells which. */
  abstract onChange(changed: () => void): void;

  /**
   * Takes no further run, stops the one that is going on, and resolves once its state is on disk.
   * To be awaited before the listeners close, since the run may be sending to one of them. Requests
   * in flight have `DRAIN_TIMEOUT_MS` to be answered; then they are cut.
   */
  abstract stop(): Promise<void>;
}
