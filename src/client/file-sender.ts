import { createHash, type Hash } from 'node:crypto';
import { Packer, parcelItem, type Parcel, type ParcelBounds } from './packer.js';
import { decodeLine, LINE_BYTES_MAX } from './decode-line.js';
import type { EventsFile } from './events-file.js';
import type { IngestConnection } from './ingest.connection.js';
import { LineSplitter, type Line } from './line-splitter.js';
import type { RunLedger } from './run-ledger.js';
import type { RunStateStore } from './run-state.store.js';
import type { RunState } from './run-state.js';
import { sendParcel, type ParcelReport, type SendFailure } from './send-parcel.js';
import { SendPool } from './send-pool.js';

/**
 * How many lines may be sent before the state has to be written again to allow more. Those between
 * the last answer and this bound are in doubt after a crash, so it is not much more than what may
 * be in flight.
 */
const LINES_ALLOWED_AHEAD = 10_000;

export interface FileSenderOptions {
  readonly store: RunStateStore;
  readonly connection: IngestConnection;
  readonly parcelBounds: ParcelBounds;
  readonly concurrencyMax: number;
  readonly attemptsMax: number;
  /** How long an id is surely remembered after it was sent. */
  readonly resendMsMax: number;
  /** Aborted: the run stops as soon as the requests in flight are answered. */
  readonly stop: AbortSignal;
  /** Aborted: those requests are given up as well. */
  readonly cut: AbortSignal;
}

export type SentFile =
  | { readonly kind: 'sent'; readonly sha256: string }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: SendFailure };

/** Sends what the ledger does not know as answered yet, and keeps the ledger and its state file. */
export class FileSender {
  private readonly splitter = new LineSplitter(LINE_BYTES_MAX);
  private readonly packer: Packer;
  private readonly pool: SendPool;
  private readonly giveUp = new AbortController();
  private readonly halt: AbortSignal;
  /** Lines up to it were answered in an earlier call; they are read again for the counts only. */
  private readonly answeredLine: number;
  private firstFailure: SendFailure | null = null;
  private incomplete = false;

  constructor(
    private readonly ledger: RunLedger,
    private readonly options: FileSenderOptions,
  ) {
    const { stop, concurrencyMax } = options;
    this.halt = AbortSignal.any([stop, this.giveUp.signal]);
    this.packer = new Packer(options.parcelBounds);
    this.answeredLine = ledger.state.line;
    this.pool = new SendPool({
      concurrencyMax,
      halt: this.halt,
      send: (parcel, sentSince) => this.sendParcel(parcel, sentSince),
      reported: (report) => this.heed(report),
      settled: (report) => this.settle(report),
    });
  }

  /** Resolves when nothing is in flight any more. To be called once. */
  async send(file: EventsFile): Promise<SentFile> {
    const hash = createHash('sha256');
    const wholeFile = await this.sendLines(file, hash).finally(() => this.pool.drain());
    this.ledger.noteSent(this.pool.sentSince());
    if (this.firstFailure !== null) return { kind: 'failed', failure: this.firstFailure };
    if (!wholeFile || this.incomplete) return { kind: 'stopped' };
    return { kind: 'sent', sha256: hash.digest('hex') };
  }

  /** False when it was halted before the end of the file. */
  private async sendLines(file: EventsFile, hash: Hash): Promise<boolean> {
    let position = 0;
    for await (const chunk of file.chunks(hash)) {
      if (this.halt.aborted) return false;
      for (const line of this.splitter.push(chunk)) {
        const parcel = this.take(line); // awaiting every line would cost more than decoding it
        if (parcel === null) continue;
        this.ledger.readTo(line.end);
        if (!(await this.dispatch(parcel))) return false;
      }
      position += chunk.length;
      this.ledger.readTo(position);
    }
    for (const line of this.splitter.end()) {
      const parcel = this.take(line);
      if (parcel !== null && !(await this.dispatch(parcel))) return false;
    }
    const last = this.packer.take();
    return last === null || (await this.dispatch(last));
  }

  /** False when the run was halted. @throws RunStateUnwritableError before anything is sent. */
  private async dispatch(parcel: Parcel): Promise<boolean> {
    const { ledger } = this;
    const lastLine = parcel.at(-1)?.line ?? 0;
    if (lastLine > ledger.state.sentLine) {
      ledger.allowLines(lastLine + LINES_ALLOWED_AHEAD);
      await this.options.store.save(this.stateWhileSending());
    }
    return await this.pool.add(parcel);
  }

  private sendParcel(
    parcel: Parcel,
    sentSince: (since: number | null) => void,
  ): Promise<ParcelReport> {
    const { connection, attemptsMax, resendMsMax, cut } = this.options;
    return sendParcel(parcel, {
      connection,
      attemptsMax,
      resendMsMax,
      halt: this.halt,
      cut,
      sentBefore: this.ledger.sentBefore(parcel[0]?.line ?? 0),
      sentSince: (since) => {
        sentSince(since);
        this.saveSoon();
      },
    });
  }

  /** The parcel that this line has filled, or null. */
  private take(line: Line): Parcel | null {
    const { ledger, packer } = this;
    const decoded = decodeLine(line);
    if (decoded.kind === 'blank') return null;
    ledger.countRead();
    switch (decoded.kind) {
      case 'invalid':
        ledger.refuse({ line: line.number, code: decoded.code, message: decoded.message });
        return null;
      case 'event':
        if (line.number <= this.answeredLine) return null;
        return packer.add(parcelItem(decoded.event, ledger.state.runId, line.number));
      default:
        return decoded satisfies never;
    }
  }

  private heed({ end }: ParcelReport): void {
    if (end.kind === 'complete') return;
    this.incomplete = true;
    if (end.kind === 'stopped') return;
    this.firstFailure ??= end.failure;
    this.giveUp.abort();
  }

  private settle(report: ParcelReport): void {
    this.ledger.settle(report);
    this.saveSoon();
  }

  private saveSoon(): void {
    this.options.store.saveSoon(
      () => this.stateWhileSending(),
      () => {
        this.giveUp.abort();
      },
    );
  }

  /** What is sent from now on is not older than now. */
  private stateWhileSending(): RunState {
    this.ledger.noteSent(this.pool.sentSince() ?? Date.now());
    return this.ledger.state;
  }
}
