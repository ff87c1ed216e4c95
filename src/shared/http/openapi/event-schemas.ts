import type { EventRefusal } from '../../event/event-codec.js';
import {
  EVENT_ID_CODE_POINTS_MAX,
  EVENT_NAMES,
  USER_ID_CODE_POINTS_MAX,
  VALUE_MAX,
  type RevenueEvent,
} from '../../event/event.js';
import { EVENT_CODES } from './problem-codes.js';
import { COUNT, objectOf, TEXT, type Schema } from './schema.js';

const USER_ID: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: USER_ID_CODE_POINTS_MAX,
  description:
    'Any characters that PostgreSQL can store: no NUL, no half of a surrogate pair. Case and spaces matter.',
};

const NAME: Schema = { type: 'string', enum: EVENT_NAMES };

const VALUE: Schema = {
  type: 'number',
  minimum: 0,
  maximum: VALUE_MAX,
  description: 'At most 15 significant digits and 6 decimals.',
};

const EVENT_ID: Schema = {
  type: 'string',
  minLength: 1,
  maxLength: EVENT_ID_CODE_POINTS_MAX,
  description:
    'The idempotency key: an event that is sent again with it counts once, within DEDUPE_WINDOW_SECONDS.',
};

type Correction = Omit<RevenueEvent, 'id'>;

const CORRECTION = objectOf<Correction>({ userId: USER_ID, name: NAME, value: VALUE });
const EVENT = objectOf<RevenueEvent>({ id: EVENT_ID, userId: USER_ID, name: NAME, value: VALUE }, [
  'id',
]);

/** Events, and why one is refused: what several operations name. */
export const EVENT_SCHEMAS: Readonly<Record<string, Schema>> = {
  Event: { ...EVENT, additionalProperties: false },
  Correction: { ...CORRECTION, additionalProperties: false },
  Rejection: objectOf<EventRefusal & { readonly index: number }>({
    index: {
      ...COUNT,
      description: 'Of the item, from 0: in the array, or among the lines that are not blank.',
    },
    code: { type: 'string', enum: EVENT_CODES },
    message: TEXT,
  }),
};
