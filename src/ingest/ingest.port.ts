import type { EventErrorCode } from '../shared/event/event-error-codes.js';
import type { BodyForm } from './media-type.js';

export type { BodyForm } from './media-type.js';

/** How a request for `POST /events` was answered; refusals by class. */
export type AnswerClass = '202' | '207' | '4xx' | '5xx';

/**
 * What became of events and requests since the process began, as their senders were told it, whichever form they came
 * in. Numbers only grow. Whatever can be counted by a code or a form has its number from the beginning, 0.
 */
export abstract class EventCounts {
  /** Durable in the log. Each that is sent again after a lost answer, and has no id, is one more. */
  abstract readonly accepted: number;
  /** Stored before, recognised by their ids. */
  abstract readonly duplicates: number;
  /** Events that were not accepted, by why. */
  abstract readonly rejected: ReadonlyMap<EventErrorCode, number>;
  /** Bytes of bodies that were read, unpacked. Of a JSON body only once it is whole. */
  abstract readonly bodyBytes: number;
  /** Requests that were let in. */
  abstract readonly requests: Readonly<Record<BodyForm, number>>;
  abstract readonly answers: Readonly<Record<AnswerClass, number>>;
  /** Requests that were refused as a whole, and streams that were stopped half-way, by why. */
  abstract readonly refused: ReadonlyMap<string, number>;
}
