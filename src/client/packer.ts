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
  /** Of the JSON array, with its brackets and commas. */
  readonly bytesMax: number;
}

const BRACKETS_BYTES = 2;
const COMMA_BYTES = 1;

/**
 * The JSON of an event. One without an id gets one that says where it came from, the same at every
 * attempt of the run, so that the server recognises what it has stored already.
 */
export function parcelItem(event: RevenueEvent, runId: string, line: number): ParcelItem {
  const id = event.id ?? `${runId}:${line}`;
  const payload = encodeEventPayload(event);
  return { line, text: `{"id":${JSON.stringify(id)},${payload.slice(1)}` };
}

export const parcelBody = (parcel: Parcel): string =>
  `[${parcel.map((item) => item.text).join(',')}]`;

/** Gathers items, in order, into parcels within both bounds. */
export class Packer {
  private items: ParcelItem[] = [];
  private bytes = BRACKETS_BYTES;

  constructor(private readonly bounds: ParcelBounds) {}

  /** Answers with a parcel when this item fills one, or does not fit into it any more. */
  add(item: ParcelItem): Parcel | null {
    const bytes = Buffer.byteLength(item.text) + COMMA_BYTES;
    const full = this.bytes + bytes > this.bounds.bytesMax ? this.take() : null;
    this.items.push(item);
    this.bytes += bytes;
    return full ?? (this.items.length >= this.bounds.itemsMax ? this.take() : null);
  }

  /** What has been gathered, or null when that is nothing. */
  take(): Parcel | null {
    const parcel = this.items;
    this.items = [];
    this.bytes = BRACKETS_BYTES;
    return parcel.length === 0 ? null : parcel;
  }
}
