import type { EventRefusal } from '../../shared/event/event-codec.js';

/** Of `id` and `source` each, in code points. The other attributes are bounded by what carries them. */
const CLOUD_EVENT_TEXT_CODE_POINTS_MAX = 1_024;

/** Attributes by name, as JSON or headers gave them, without the data. Null is the same as absent. */
export type Attributes = Readonly<Record<string, unknown>>;

const NAME = /^[a-z0-9]+$/;

/** Control characters, halves of surrogate pairs, and code points that are none for good. */
const FORBIDDEN = /[\p{Cc}\p{Cs}\p{Noncharacter_Code_Point}]/u;

const JSON_TYPE = /^[^\s/;]+\/(?:[^\s/;]+\+)?json$/i;
const UTF8_CHARSET = /^charset="?utf-?8"?$/i;

const INT32_MIN = -(2 ** 31);
const INT32_MAX = 2 ** 31 - 1;

const TIME =
  /^(\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d:(?:[0-5]\d|60)(?:\.\d+)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/i;

/** What is wrong with a text, in words that follow the attribute's name; null when nothing is. */
type TextRule = (text: string) => string | null;

const REQUIRED: Readonly<Record<string, TextRule>> = {
  specversion: (text) => (text === '1.0' ? null : 'must be "1.0"'),
  id: refuseLong,
  source: (text) => refuseLong(text) ?? refuseNoUri(text),
  type: () => null,
};

const OPTIONAL: Readonly<Record<string, TextRule>> = {
  datacontenttype: refuseOtherThanJson,
  dataschema: refuseNoUri,
  subject: () => null,
  time: (text) => (isTime(text) ? null : 'must be a time as RFC 3339 writes it'),
};

/**
 * The rules of CloudEvents 1.0.2 for all attributes: null when they hold, else the first that is
 * broken, CLOUDEVENT_INVALID with the attribute's name.
 */
export function refuseAttributes(attributes: Attributes): EventRefusal | null {
  for (const [name, rule] of Object.entries(REQUIRED)) {
    const wrong = refuseText(attributes[name] ?? undefined, rule);
    if (wrong !== null) return cloudEventInvalid(`${name} ${wrong}`);
  }
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || Object.hasOwn(REQUIRED, name)) continue;
    const wrong = refuseOther(name, value);
    if (wrong !== null) return cloudEventInvalid(`${shown(name)} ${wrong}`);
  }
  return null;
}

export const cloudEventInvalid = (problem: string): EventRefusal => ({
  code: 'CLOUDEVENT_INVALID',
  message: `CloudEvent: ${problem}`,
});

function refuseOther(name: string, value: unknown): string | null {
  if (Object.hasOwn(OPTIONAL, name)) return refuseText(value, OPTIONAL[name]);
  if (!NAME.test(name)) return 'is no name of an attribute: only lower-case letters and digits';
  return refuseExtension(value);
}

function refuseText(value: unknown, rule: TextRule = () => null): string | null {
  if (value === undefined) return 'is missing';
  if (typeof value !== 'string') return 'must be a string';
  if (value === '') return 'must not be empty';
  return FORBIDDEN.test(value) ? HAS_FORBIDDEN : rule(value);
}

const HAS_FORBIDDEN = 'must not hold control characters or halves of surrogate pairs';

function refuseExtension(value: unknown): string | null {
  if (typeof value === 'string') return FORBIDDEN.test(value) ? HAS_FORBIDDEN : null;
  if (typeof value === 'boolean') return null;
  if (typeof value !== 'number') return 'must be a string, an integer or a boolean';
  const isInteger = Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX;
  return isInteger ? null : 'must be an integer of 32 bits';
}

function refuseLong(text: string): string | null {
  const max = CLOUD_EVENT_TEXT_CODE_POINTS_MAX;
  if (text.length <= max || (text.length <= 2 * max && Array.from(text).length <= max)) return null;
  return `must have at most ${max} characters`;
}

/** It is compared and never followed, so only what no reading of a URI allows is refused. */
function refuseNoUri(text: string): string | null {
  return /\s/.test(text) ? 'must be a URI reference, without spaces' : null;
}

function refuseOtherThanJson(text: string): string | null {
  const [type = '', ...parameters] = text.split(';').map((part) => part.trim());
  if (!JSON_TYPE.test(type)) return 'must be a JSON type: application/json, or one ending in +json';
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter));
  return charset === undefined || UTF8_CHARSET.test(charset) ? null : 'must have charset utf-8';
}

/** The pattern knows no months; a Date rolls over to another day than the one it was given. */
function isTime(text: string): boolean {
  const [, day = ''] = TIME.exec(text) ?? [];
  const date = new Date(`${day}T00:00:00Z`);
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(day);
}

const shown = (name: string): string =>
  NAME.test(name) && name.length <= 64 ? name : JSON.stringify(name.slice(0, 64));
