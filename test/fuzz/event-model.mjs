/**
 * What an item is worth, judged with other means than the product's: JSON.parse, the platform's decoder and
 * numbers printed in decimals. An outcome is `{code}`, a refusal, or an event with the `payload` that the log holds.
 */
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const BYTE_ORDER_MARK = '\ufeff';
const PROPERTIES = new Set(['userId', 'name', 'value', 'id']);
const NAMES = new Set(['add_revenue', 'subtract_revenue']);
const VALUE_MAX = 999_999_999_999_999;

/** The text of bytes, without a byte order mark at their start; null when they are not UTF-8. */
export function decodeText(bytes) {
  try {
    const text = decoder.decode(bytes);
    return text.startsWith(BYTE_ORDER_MARK) ? text.slice(1) : text;
  } catch {
    return null;
  }
}

/** The value of a JSON text; undefined when it is none. */
export function parseJson(text) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Bytes that should be one event as JSON, and may begin with a byte order mark. */
export function judgeBytes(bytes) {
  return judgeText(decodeText(bytes));
}

/** What `decodeText` made of the bytes of an event. */
export function judgeText(text) {
  if (text === null) return { code: 'INVALID_UTF8' };
  const json = parseJson(text);
  return json === undefined ? { code: 'INVALID_JSON' } : judgeEvent(json);
}

export function judgeEvent(json) {
  const code = brokenRule(json);
  if (code !== null) return { code };
  const { id = null, userId, name, value } = json;
  const payload = `{"userId":${JSON.stringify(userId)},"name":"${name}","value":${value}}`;
  const micros = BigInt(value.toFixed(6).replace('.', ''));
  return { id, userId, payload, micros: name === 'add_revenue' ? micros : -micros };
}

function brokenRule(json) {
  if (Object.prototype.toString.call(json) !== '[object Object]') return 'EVENT_NOT_AN_OBJECT';
  if (Object.keys(json).some((key) => !PROPERTIES.has(key))) return 'PROPERTY_UNKNOWN';
  const own = (key) => (Object.hasOwn(json, key) ? json[key] : undefined);
  return (
    (own('userId') === undefined ? 'USER_ID_MISSING' : brokenText(own('userId'), 'USER_ID', 255)) ??
    (own('name') === undefined ? 'NAME_MISSING' : null) ??
    (NAMES.has(own('name')) ? null : 'NAME_UNKNOWN') ??
    (own('value') === undefined ? 'VALUE_MISSING' : brokenValue(own('value'))) ??
    (own('id') === undefined ? null : brokenText(own('id'), 'ID', 128)) ??
    (own('id')?.startsWith('dead-letter:') === true ? 'ID_RESERVED' : null)
  );
}

function brokenText(text, prefix, codePointsMax) {
  if (typeof text !== 'string') return `${prefix}_NOT_A_STRING`;
  const codePoints = [...text];
  if (codePoints.length === 0) return `${prefix}_EMPTY`;
  if (codePoints.length > codePointsMax) return `${prefix}_TOO_LONG`;
  return /[\0\p{Surrogate}]/u.test(text) ? `${prefix}_NOT_STORABLE` : null;
}

function brokenValue(value) {
  if (typeof value !== 'number') return 'VALUE_NOT_A_NUMBER';
  if (value < 0 || 1 / value === -Infinity) return 'VALUE_NEGATIVE';
  if (value > VALUE_MAX) return 'VALUE_TOO_LARGE';
  const fewDecimals = Number(value.toFixed(6)) === value;
  const fewDigits = Number(value.toPrecision(15)) === value;
  return fewDecimals && fewDigits ? null : 'VALUE_TOO_PRECISE';
}
