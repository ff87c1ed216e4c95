import { decodeEvent, encodeEventPayload, type EventRefusal } from '../shared/event/event-codec.js';
import { isReservedId, RESERVED_ID_PREFIX } from '../shared/event/reserved-id.js';
import type { NewRecord, RecordOutcome } from '../staging-log/staging-log.port.js';

/** An item that was not accepted: `index` counts from 0 in what was sent. */
export interface Rejection extends EventRefusal {
  readonly index: number;
}

/** Events that may be stored, each with its place among what was sent, and those that may not. */
export interface SortedEvents {
  readonly records: readonly NewRecord[];
  /** `indexes[i]` is the place of `records[i]`. */
  readonly indexes: readonly number[];
  readonly rejected: readonly Rejection[];
}

/** What became of all items of a request. */
export interface IngestResult {
  readonly accepted: number;
  readonly duplicates: number;
  /** In the order of `index`. */
  readonly rejected: readonly Rejection[];
}

/** The members of a problem of a request of which nothing was stored. */
export const NOTHING_STORED = { accepted: 0, duplicates: 0, rejected: [], rejectedTotal: 0 };

/** `corrections`: this process itself, with the corrected events of dead letters. */
export type Sender = 'any' | 'corrections';

/** Applies the rules of an event to each item: one bad item harms no other. */
export function sortEvents(items: readonly unknown[], sender: Sender): SortedEvents {
  const records: NewRecord[] = [];
  const indexes: number[] = [];
  const rejected: Rejection[] = [];
  for (const [index, item] of items.entries()) {
    const decoded = decodeEvent(item);
    if (decoded.kind === 'refused') {
      rejected.push({ index, code: decoded.code, message: decoded.message });
      continue;
    }
    const { event } = decoded;
    if (sender === 'any' && event.id !== undefined && isReservedId(event.id)) {
      rejected.push({ index, ...ID_RESERVED });
      continue;
    }
    const payload = encodeEventPayload(event);
    records.push(event.id === undefined ? { payload } : { id: event.id, payload });
    indexes.push(index);
  }
  return { records, indexes, rejected };
}

/** Counts what the log said, and adds to the rejections those whose id had other content. */
export function summarize(
  { indexes, rejected }: SortedEvents,
  outcomes: readonly RecordOutcome[],
): IngestResult {
  let accepted = 0;
  let duplicates = 0;
  const all = [...rejected];
  for (const [position, outcome] of outcomes.entries()) {
    if (outcome === 'appended') accepted += 1;
    else if (outcome === 'duplicate') duplicates += 1;
    else all.push({ index: indexes[position] ?? -1, ...ID_REUSED });
  }
  return { accepted, duplicates, rejected: all.sort((a, b) => a.index - b.index) };
}

const ID_REUSED: EventRefusal = {
  code: 'ID_REUSED',
  message: 'this id was sent before with other content; a new event needs an id of its own',
};

const ID_RESERVED: EventRefusal = {
  code: 'ID_RESERVED',
  message: `ids that begin with "${RESERVED_ID_PREFIX}" are those of corrected dead letters; choose another id`,
};
