import { encodeEventPayload } from '../shared/event/event-codec.js';
import type { RevenueEvent } from '../shared/event/event.js';

/** An event as it is sent, and the line that it came from. */
export interface ParcelItem {
  readonly line: number;
  readonly text: string;
}

/** The events of one request; never empty. */
export type Parcel = readonly ParcelItem[];

export interface ParcelBounds {
  readonly itemsMax: number;
  /** Of the body, line ends included. An item that is longer by itself makes a longer one. */
  readonly bytesMax: number;
}

const LINE_END_BYTES = 1;

/**
 * The JSON of an event, on one line. One without an id gets one that says where it came from, the same at every
 * attempt of the run, so that the server recognises what it has stored already.
 */
export function parcelItem(event: RevenueEvent, runId: string, line: number): ParcelItem {
  const id = event.id ?? `${runId}:${line}`;
  const payload = encodeEventPayload(event);
  return { line, text: `{"id":${JSON.stringify(id)},${payload.slice(1)}` };
}

export const PARCEL_MEDIA_TYPE = 'application/x-ndjson';

/** NDJSON: one event a line, each with its line end, so that a body that was cut shows it. */
export const parcelBody = (parcel: Parcel): string =>
  parcel.map((item) => `${item.text}\n`).join('');

/** Gathers items, in order, into parcels within both bounds. */
export class Packer {
  private items: ParcelItem[] = [];
  private bytes = 0;

  constructor(private readonly bounds: ParcelBounds) {}

  /** Answers with a parcel when this item fills one, or does not fit into it any more. */
  add(item: ParcelItem): Parcel | null {
    const bytes = Buffer.byteLength(item.text) + LINE_END_BYTES;
    const full = this.bytes + bytes > this.bounds.bytesMax ? this.take() : null;
    this.items.push(item);
    this.bytes += bytes;
    return full ?? (this.items.length >= this.bounds.itemsMax ? this.take() : null);
  }

  /** What has been gathered, or null when that is nothing. */
  take(): Parcel | null {
    const parcel = this.items;
    this.items = [];
    this.bytes = 0;
    return parcel.length === 0 ? null : parcel;
  }
}
