import { findExcess, MEMBERS_MAX } from '../shared/event/find-excess.js';
import { decodeJson, withoutByteOrderMark } from '../shared/event/decode-json.js';
import { Problem } from '../shared/http/problem.js';
import type { EventBatch } from './event-batch.js';
import { ScanWindow } from './scan-window.js';

const [COMMA, OPENING_BRACKET, CLOSING_BRACKET] = [0x2c, 0x5b, 0x5d] as const;
const [SPACE, TAB, NEWLINE, CARRIAGE_RETURN] = [0x20, 0x09, 0x0a, 0x0d] as const;

/** Shorter texts are parsed faster than anything in them can hurt. */
const COUNTED_FROM_BYTES = 16 * 1024;

/**
 * What JSON.parse makes of a body.
 * @throws Problem 400 when it is no JSON; and unparsed 413 for an array of too many items, 400 for an object of
 * too many members: making them all would keep other requests waiting.
 */
export function parseBody(body: Buffer, itemsMax: number): unknown {
  const excess = body.length < COUNTED_FROM_BYTES ? null : findExcess(body, itemsMax);
  if (excess === 'items') throw arrayTooLong(itemsMax);
  if (excess === 'members') {
    const detail = `not valid JSON for events: an object or array of more than ${MEMBERS_MAX} members`;
    throw new Problem({ status: 400, code: 'INVALID_JSON', detail });
  }
  const decoded = decodeJson(withoutByteOrderMark(body));
  if (decoded.kind === 'json') return decoded.json;
  const { code, message: detail } = decoded;
  throw new Problem({ status: 400, code, detail });
}

/** The window for a body: the common one when it fits. */
export const windowFor = (body: Buffer, common: ScanWindow): ScanWindow =>
  body.length <= common.bytesMax ? common : new ScanWindow(body.length);

/** Whether the body is one event as the scanner takes them, and nothing else: its spans tell where. */
export function isScannedEvent(body: Buffer, window: ScanWindow): boolean {
  layBody(body, window);
  const { scanner, bytes } = window;
  const start = skipSpace(bytes, 0);
  return scanner.scan(start) && skipSpace(bytes, scanner.payloadEnd) === window.end;
}

/**
 * Takes an array of events as the scanner takes them. False when anything in it is something else: then the
 * batch is to be cleared, and the body to be parsed.
 */
export function takeScannedArray(body: Buffer, window: ScanWindow, batch: EventBatch): boolean {
  layBody(body, window);
  const { scanner, bytes } = window;
  let at = skipSpace(bytes, 0);
  if (bytes[at] !== OPENING_BRACKET) return false;
  for (;;) {
    if (!scanner.scan(skipSpace(bytes, at + 1))) return false;
    batch.addScanned(bytes, scanner);
    at = skipSpace(bytes, scanner.payloadEnd);
    if (bytes[at] === COMMA) continue;
    return bytes[at] === CLOSING_BRACKET && skipSpace(bytes, at + 1) === window.end;
  }
}

function layBody(body: Buffer, window: ScanWindow): void {
  window.clear();
  window.add(body);
  window.begin(0);
}

/** The padding ends it. */
function skipSpace(bytes: Buffer, from: number): number {
  let at = from;
  for (;;) {
    const byte = bytes[at];
    const isSpace = byte === SPACE || byte === NEWLINE || byte === CARRIAGE_RETURN || byte === TAB;
    if (!isSpace) return at;
    at += 1;
  }
}

/** Of an array in a JSON body. */
export function arrayTooLong(itemsMax: number): Problem {
  const detail = `more items than ARRAY_ITEMS_MAX (${itemsMax}): send them in parts, or as NDJSON`;
  return new Problem({ status: 413, code: 'ARRAY_TOO_LONG', detail });
}
