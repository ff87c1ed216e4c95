import { Injectable } from '@nestjs/common';
import type { EventErrorCode } from '../shared/event/event-error-codes.js';
import { BODY_PROBLEMS, LOG_PROBLEMS } from '../shared/http/openapi/event-problems.js';
import { EVENT_CODES } from '../shared/http/openapi/problem-codes.js';
import { EventCounts, type AnswerClass, type BodyForm } from './ingest.port.js';

/** Of whatever is not foreseen: codes stay a list that is known beforehand. */
const OTHER = 'OTHER';

const REFUSAL_CODES = [
  ...Object.keys(BODY_PROBLEMS),
  ...Object.keys(LOG_PROBLEMS),
  ...['INVALID_JSON', 'INVALID_UTF8', 'CLOUDEVENT_INVALID'],
  ...['KEY_REQUIRED', 'SCOPE_MISSING', 'CROSS_SITE_REQUEST', 'HOST_NOT_ALLOWED', 'INTERNAL_ERROR'],
  OTHER,
];

/** What became of some events. */
export interface TalliedEvents {
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejectedByCode: ReadonlyMap<EventErrorCode, number>;
}

/** Adds up what is answered: a few numbers a batch or a request. */
@Injectable()
export class EventTally extends EventCounts {
  accepted = 0;
  duplicates = 0;
  bodyBytes = 0;
  readonly rejected = new Map<EventErrorCode, number>(EVENT_CODES.map((code) => [code, 0]));
  readonly requests: Record<BodyForm, number> = {
    ...{ json: 0, ndjson: 0 },
    ...{ 'cloud-event': 0, 'cloud-event-structured': 0, 'cloud-event-batch': 0 },
  };
  readonly answers: Record<AnswerClass, number> = { '202': 0, '207': 0, '4xx': 0, '5xx': 0 };
  readonly refused = new Map<string, number>(REFUSAL_CODES.map((code) => [code, 0]));

  count({ accepted, duplicates, rejectedByCode }: TalliedEvents): void {
    this.accepted += accepted;
    this.duplicates += duplicates;
    for (const [code, events] of rejectedByCode) {
      this.rejected.set(code, (this.rejected.get(code) ?? 0) + events);
    }
  }

  /** A request as a whole, or the rest of a stream. */
  refuse(code: string): void {
    const known = this.refused.has(code) ? code : OTHER;
    this.refused.set(known, (this.refused.get(known) ?? 0) + 1);
  }
}
