import { decodeEvent, encodeEventPayload, type EventRefusal } from '../shared/event/event-codec.js';
import type { EventScanner } from '../shared/event/event-scanner.js';
import { isReservedId, RESERVED_ID_PREFIX } from '../shared/event/reserved-id.js';
import type { EventErrorCode } from '../shared/event/event-error-codes.js';
import { RecordLines } from '../staging-log/record-lines.port.js';
import type { RecordOutcome } from '../staging-log/staging-log.port.js';
import type { ItemCounts, Rejection } from './item-counts.js';

const BRACE = 0x7b;

/** `corrections`: this process itself, with the corrected events of dead letters. */
export type Sender = 'any' | 'corrections';

/** A text of a sender and the key that it is to be stored under, when that is not in the text itself. */
export interface Item {
  /** What JSON.parse gave. */
  readonly json: unknown;
  /** Of a CloudEvent. */
  readonly id?: string;
}

/**
 * Items of one body that are appended together, in order: those that keep the rules as records, the others
 * with the rule that they break. One bad item harms no other.
 */
export class EventBatch {
  readonly lines = new RecordLines();
  private itemCount = 0;
  /** The items, counted from this batch's first one, that became the records; null: item i is record i. */
  private places: number[] | null = null;
  private rejections: Rejection[] = [];
  private rejectionCount = 0;
  private readonly rejectedByCode = new Map<EventErrorCode, number>();

  /** @param rejectedMax rejections that are kept; the rest is counted. */
  constructor(private readonly rejectedMax: number) {}

  get items(): number {
    return this.itemCount;
  }

  /** The event that the scanner found in these bytes, which are changed. */
  addScanned(bytes: Buffer, spans: EventScanner): void {
    bytes[spans.payloadStart] = BRACE; // a payload is an object; behind an id, there was a comma
    this.lines.addBytes(bytes, spans);
    this.places?.push(this.itemCount);
    this.itemCount += 1;
  }

  /** What JSON.parse gave. */
  add({ json, id }: Item, sender: Sender): void {
    const decoded = decodeEvent(json);
    if (decoded.kind === 'refused') {
      this.reject(decoded);
      return;
    }
    const { event } = decoded;
    const key = id ?? event.id;
    if (sender === 'any' && key !== undefined && isReservedId(key)) {
      this.reject(ID_RESERVED);
      return;
    }
    const payload = encodeEventPayload(event);
    this.lines.add(key === undefined ? { payload } : { id: key, payload });
    this.places?.push(this.itemCount);
    this.itemCount += 1;
  }

  /** An item whose record was appended by itself. */
  addStored(): void {
    this.itemCount += 1;
  }

  reject({ code, message }: EventRefusal): void {
    this.places ??= Array.from({ length: this.itemCount }, (_, place) => place);
    this.keep({ index: this.itemCount, code, message });
    this.itemCount += 1;
  }

  /** Counts all items, now that it is known what became of the records. */
  settle(outcomes: readonly RecordOutcome[], counts: ItemCounts): void {
    let [accepted, duplicates, reused] = [0, 0, false];
    for (let record = 0; record < outcomes.length; record += 1) {
      if (outcomes[record] === 'appended') {
        accepted += 1;
      } else if (outcomes[record] === 'duplicate') {
        duplicates += 1;
      } else {
        this.keep({ index: this.places?.[record] ?? record, ...ID_REUSED });
        reused = true;
      }
    }
    if (reused) this.rejections.sort((a, b) => a.index - b.index);
    counts.add({
      items: this.itemCount,
      accepted,
      duplicates,
      rejected: this.rejections,
      rejectedTotal: this.rejectionCount,
      rejectedByCode: this.rejectedByCode,
    });
  }

  /** To be used for other items. */
  clear(): void {
    this.lines.clear();
    this.itemCount = 0;
    this.places = null;
    this.rejections = [];
    this.rejectionCount = 0;
    this.rejectedByCode.clear();
  }

  private keep(rejection: Rejection): void {
    const { code } = rejection;
    this.rejectionCount += 1;
    this.rejectedByCode.set(code, (this.rejectedByCode.get(code) ?? 0) + 1);
    if (this.rejections.length < this.rejectedMax) this.rejections.push(rejection);
  }
}

const ID_REUSED: EventRefusal = {
  code: 'ID_REUSED',
  message: 'this id was sent before with other content; a new event needs an id of its own',
};

const ID_RESERVED: EventRefusal = {
  code: 'ID_RESERVED',
  message: `ids that begin with "${RESERVED_ID_PREFIX}" are those of corrected dead letters; choose another id`,
};
