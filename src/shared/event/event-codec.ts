import {
  EVENT_ID_CODE_POINTS_MAX,
  EVENT_NAMES,
  USER_ID_CODE_POINTS_MAX,
  VALUE_DECIMALS_MAX,
  VALUE_MAX,
  VALUE_SIGNIFICANT_DIGITS_MAX,
  type RevenueEvent,
} from './event.js';
import type { EventErrorCode } from './event-error-codes.js';

/** Why an event is refused: a stable code, and a message for the sender that names the property. */
export interface EventRefusal {
  readonly code: EventErrorCode;
  readonly message: string;
}

export type DecodedEvent =
  | { readonly kind: 'event'; readonly event: RevenueEvent }
  | ({ readonly kind: 'refused' } & EventRefusal);

const refused = (code: EventErrorCode, message: string): DecodedEvent => ({
  kind: 'refused',
  code,
  message,
});

/**
 * The rules of an event, for every door it enters by. Takes what JSON.parse gave (so the last of
 * repeated keys has won) and answers with the event or the first rule that it breaks. Pure; never
 * throws. Written by hand: 4.8 M events/s against 0.3 M with class-validator on the same machine.
 */
export function decodeEvent(input: unknown): DecodedEvent {
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    return refused('EVENT_NOT_AN_OBJECT', `an event is a JSON object, not ${kindOf(input)}`);
  }
  const unknown = unknownProperty(input);
  if (unknown !== undefined) return refusedProperty(unknown);
  const { id, userId, name, value } = input as Record<string, unknown>;
  const refusal =
    refuseText(userId, USER_ID) ??
    refuseName(name) ??
    refuseValue(value) ??
    (id === undefined ? null : refuseText(id, EVENT_ID));
  if (refusal !== null) return { kind: 'refused', ...refusal };
  const event = { userId, name, value } as RevenueEvent;
  return {
    kind: 'event',
    event: id === undefined ? event : { id: id as string, ...event },
  };
}

/**
 * The canonical JSON text of what an event does, without its id: equal events give equal texts,
 * however they were written. This is what the staging log stores and compares ids by.
 */
export function encodeEventPayload({ userId, name, value }: RevenueEvent): string {
  // String(value) is the shortest decimal, so the double that comes back is the same.
  return `{"userId":${JSON.stringify(userId)},"name":"${name}","value":${String(value)}}`;
}

function unknownProperty(input: object): string | undefined {
  for (const key of Object.keys(input)) {
    if (key !== 'userId' && key !== 'name' && key !== 'value' && key !== 'id') return key;
  }
  return undefined;
}

function refusedProperty(key: string): DecodedEvent {
  const shown = JSON.stringify(key.slice(0, 64));
  return key === 'timestamp'
    ? refused('PROPERTY_UNKNOWN', 'unknown property "timestamp": the server sets the time')
    : refused('PROPERTY_UNKNOWN', `unknown property ${shown}: only id, userId, name and value`);
}

interface TextRule {
  readonly property: 'userId' | 'id';
  readonly codePointsMax: number;
  readonly codes: Record<'missing' | 'type' | 'empty' | 'long' | 'characters', EventErrorCode>;
}

const USER_ID: TextRule = {
  property: 'userId',
  codePointsMax: USER_ID_CODE_POINTS_MAX,
  codes: {
    missing: 'USER_ID_MISSING',
    type: 'USER_ID_NOT_A_STRING',
    empty: 'USER_ID_EMPTY',
    long: 'USER_ID_TOO_LONG',
    characters: 'USER_ID_NOT_STORABLE',
  },
};

const EVENT_ID: TextRule = {
  property: 'id',
  codePointsMax: EVENT_ID_CODE_POINTS_MAX,
  codes: {
    missing: 'ID_NOT_A_STRING',
    type: 'ID_NOT_A_STRING',
    empty: 'ID_EMPTY',
    long: 'ID_TOO_LONG',
    characters: 'ID_NOT_STORABLE',
  },
};

function refuseText(text: unknown, rule: TextRule): EventRefusal | null {
  const { property, codePointsMax, codes } = rule;
  if (text === undefined) return { code: codes.missing, message: `${property} is missing` };
  if (typeof text !== 'string') {
    return {
      code: codes.type,
      message: `${property} must be a string, not ${kindOf(text)}`,
    };
  }
  if (text === '') return { code: codes.empty, message: `${property} must not be empty` };
  if (longerThan(text, codePointsMax)) {
    const message = `${property} must have at most ${codePointsMax} code points`;
    return { code: codes.long, message };
  }
  if (text.includes('\0') || !text.isWellFormed()) {
    const message = `${property} must not hold NUL or half a surrogate pair`;
    return { code: codes.characters, message };
  }
  return null;
}

/** Counts code points only where the count of UTF-16 units leaves a doubt. */
function longerThan(text: string, codePointsMax: number): boolean {
  if (text.length <= codePointsMax) return false;
  if (text.length > 2 * codePointsMax) return true;
  return Array.from(text).length > codePointsMax;
}

function refuseName(name: unknown): EventRefusal | null {
  if (name === 'add_revenue' || name === 'subtract_revenue') return null;
  if (name === undefined) return { code: 'NAME_MISSING', message: 'name is missing' };
  return {
    code: 'NAME_UNKNOWN',
    message: `name must be ${EVENT_NAMES.join(' or ')}`,
  };
}

function refuseValue(value: unknown): EventRefusal | null {
  if (value === undefined) return { code: 'VALUE_MISSING', message: 'value is missing' };
  if (typeof value !== 'number' || Number.isNaN(value)) {
    const message = `value must be a JSON number, not ${kindOf(value)}`;
    return { code: 'VALUE_NOT_A_NUMBER', message };
  }
  if (value < 0 || Object.is(value, -0)) {
    const message = 'value must not be negative: name says which way it goes';
    return { code: 'VALUE_NEGATIVE', message };
  }
  if (value > VALUE_MAX) {
    return {
      code: 'VALUE_TOO_LARGE',
      message: `value must be at most ${VALUE_MAX}`,
    };
  }
  if (!Number.isInteger(value) && !hasFewDigits(value)) {
    const message = `value must have at most ${VALUE_SIGNIFICANT_DIGITS_MAX} significant digits and ${VALUE_DECIMALS_MAX} decimals`;
    return { code: 'VALUE_TOO_PRECISE', message };
  }
  return null;
}

/** For a fraction between 0 and VALUE_MAX: judged on the shortest decimal of the double. */
function hasFewDigits(value: number): boolean {
  const text = String(value);
  if (text.includes('e')) return false; // below 1e-6, so more than 6 decimals
  const point = text.indexOf('.');
  const decimals = text.length - point - 1;
  const significant = value < 1 ? decimals : text.length - 1; // leading zeros count, but 6 bounds them
  return decimals <= VALUE_DECIMALS_MAX && significant <= VALUE_SIGNIFICANT_DIGITS_MAX;
}

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (typeof value === 'object') return 'an object';
  return `a ${typeof value}`;
}
