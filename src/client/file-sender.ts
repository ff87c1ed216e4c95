import { createHash, type Hash } from 'node:crypto';
import { Packer, parcelItem, type Parcel, type ParcelBounds } from './packer.js';
import { decodeLine, LINE_BYTES_MAX } from './decode-line.js';
import type { EventsFile } from './events-file.js';
import type { IngestConnection } from './ingest.connection.js';
import { LineSplitter, type Line } from './line-splitter.js';
import type { RunLedger } from './run-ledger.js';
import type { RunStateStore } from './run-state.store.js';
import { sendParcel, type ParcelReport, type SendFailure } from './send-parcel.js';
import { SendPool } from './send-pool.js';

export interface FileSenderOptions {
  readonly store: RunStateStore;
  readonly connection: IngestConnection;
  readonly parcelBounds: ParcelBounds;
  readonly concurrencyMax: number;
  readonly attemptsMax: number;
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
    const { stop, cut, connection, attemptsMax, concurrencyMax } = options;
    this.halt = AbortSignal.any([stop, this.giveUp.signal]);
    this.packer = new Packer(options.parcelBounds);
    this.answeredLine = ledger.state.line;
    this.pool = new SendPool({
      concurrencyMax,
      halt: this.halt,
      send: (parcel) => sendParcel(parcel, { connection, attemptsMax, halt: this.halt, cut }),
      reported: (report) => this.heed(report),
      settled: (report) => this.settle(report),
    });
  }

  /** Resolves when nothing is in flight any more. To be called once. */
  async send(file: EventsFile): Promise<SentFile> {
    const hash = createHash('sha256');
    const wholeFile = await this.sendLines(file, hash).finally(() => this.pool.drain());
    if (this.firstFailure !== null) return { kind: 'failed', failure: this.firstFailure };
    if (!wholeFile || this.incomplete) return { kind: 'stopped' };
    return { kind: 'sent', sha256: hash.digest('hex') };
  }

  /** False when it was halted before the end of the file. */
  private async sendLines(file: EventsFile, hash: Hash): Promise<boolean> {
    for await (const chunk of file.chunks(hash)) {
      if (this.halt.aborted) return false;
      for (const line of this.splitter.push(chunk)) {
        const parcel = this.take(line); // awaiting every line would cost more than decoding it
        if (parcel !== null && !(await this.pool.add(parcel))) return false;
      }
      this.ledger.countBytes(chunk.length);
    }
    for (const line of this.splitter.end()) {
      const parcel = this.take(line);
      if (parcel !== null && !(await this.pool.add(parcel))) return false;
    }
    const last = this.packer.take();
    return last === null || (await this.pool.add(last));
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
    this.options.store.saveSoon(this.ledger.state, () => {
      this.giveUp.abort();
    });
  }
}
