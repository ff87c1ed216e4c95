import { decodeText, judgeBytes, judgeEvent, judgeText, parseJson } from './event-model.mjs';

/**
 * What a body deserves at its door. `items`: an outcome for each, in order; or `refusal`: the status and the codes
 * of which one is the answer to the whole, of which nothing is stored.
 */

/** The bounds that the application under test gets; small ones are met more often. */
export const BOUNDS = {
  JSON_BODY_BYTES_MAX: 32_768,
  ARRAY_ITEMS_MAX: 200,
  LINE_BYTES_MAX: 1_024,
  REJECTED_ITEMS_MAX: 25,
};

const NEWLINE = 0x0a;
const NESTING_LEVELS_MAX = 16;

export const refusal = (status, ...codes) => ({ refusal: { status, codes } });

/** `application/json`: one event, or an array of them. */
export function judgeJson(bytes, judgeItem = judgeEvent) {
  if (bytes.length > BOUNDS.JSON_BODY_BYTES_MAX) return refusal(413, 'BODY_TOO_LARGE');
  const text = decodeText(bytes);
  if (text === null) return refusal(400, 'INVALID_UTF8');
  const json = parseJson(text);
  if (json === undefined) return refusal(400, 'INVALID_JSON');
  if (!Array.isArray(json)) return deep(text, { items: [judgeItem(json)] });
  if (json.length > BOUNDS.ARRAY_ITEMS_MAX) return refusal(413, 'ARRAY_TOO_LONG');
  return deep(text, { items: json.map((item) => judgeItem(item)), several: true });
}

/** What nests beyond any event may be refused unparsed. */
function deep(text, judged) {
  let level = 0;
  let deepest = 0;
  for (const [mark] of text.matchAll(/"(?:[^"\\]|\\.)*"|[[{}\]]/gs)) {
    if (mark === '[' || mark === '{') deepest = Math.max(deepest, (level += 1));
    else if (mark === ']' || mark === '}') level -= 1;
  }
  return deepest > NESTING_LEVELS_MAX ? { ...judged, mayBe: 'INVALID_JSON' } : judged;
}

/** NDJSON: an event a line. A last line without its end counts unless the body was cut. */
export function judgeLines(bytes, { cut = false } = {}) {
  const items = [];
  let from = 0;
  while (from < bytes.length) {
    const end = bytes.indexOf(NEWLINE, from);
    if (end === -1 && cut) break;
    const line = bytes.subarray(from, end === -1 ? bytes.length : end);
    const item = judgeLine(line, from === 0);
    if (item !== null) items.push(item);
    from = end === -1 ? bytes.length : end + 1;
  }
  return { items, several: true };
}

const BYTE_ORDER_MARK = Buffer.from('\ufeff');

/** Null for a blank line. */
function judgeLine(line, first) {
  const marked = line.subarray(0, 3).equals(BYTE_ORDER_MARK);
  const rest = first && marked ? line.subarray(3) : line;
  if (/^[ \t\r]*$/.test(rest.toString('latin1'))) return null;
  const tooLong = { code: 'LINE_TOO_LONG' };
  if (rest.length > BOUNDS.LINE_BYTES_MAX) return tooLong;
  if (line.length > BOUNDS.LINE_BYTES_MAX) return { ...judgeBytes(rest), mayBe: tooLong.code };
  // Of files that were put together, a mark may stand inside: nothing says whether it is dropped there.
  const twice = first && marked && rest.subarray(0, 3).equals(BYTE_ORDER_MARK);
  const outcome = twice ? judgeTwiceMarked(rest) : judgeBytes(rest);
  return marked && !first ? { ...outcome, mayBe: 'INVALID_JSON' } : outcome;
}

/** A second byte order mark is no part of JSON. */
function judgeTwiceMarked(bytes) {
  return judgeText(decodeText(bytes) === null ? null : '\ufeff');
}
