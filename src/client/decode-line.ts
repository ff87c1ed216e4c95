import { decodeJson, withoutByteOrderMark } from '../shared/event/decode-json.js';
import { decodeEvent } from '../shared/event/event-codec.js';
import type { EventErrorCode } from '../shared/event/event-error-codes.js';
import type { RevenueEvent } from '../shared/event/event.js';
import type { Line } from './line-splitter.js';

/** Longer lines are refused unread: no event comes near. */
export const LINE_BYTES_MAX = 1024 * 1024;

export type DecodedLine =
  | { readonly kind: 'blank' }
  | { readonly kind: 'event'; readonly event: RevenueEvent }
  | { readonly kind: 'invalid'; readonly code: EventErrorCode; readonly message: string };

/** A line of the events file as the server would judge it, so that one bad line costs no request. */
export function decodeLine(line: Line): DecodedLine {
  if (line.kind === 'too-long') {
    const message = `the line has more than ${LINE_BYTES_MAX} bytes`;
    return { kind: 'invalid', code: 'LINE_TOO_LONG', message };
  }
  const bytes = line.number === 1 ? withoutByteOrderMark(line.bytes) : line.bytes;
  if (isBlank(bytes)) return { kind: 'blank' };
  const json = decodeJson(bytes);
  const decoded = json.kind === 'json' ? decodeEvent(json.json) : json;
  if (decoded.kind === 'event') return decoded;
  return { kind: 'invalid', code: decoded.code, message: decoded.message };
}

/** Only spaces, tabs and carriage returns. */
function isBlank(bytes: Buffer): boolean {
  for (const byte of bytes) {
    if (byte !== 0x20 && byte !== 0x09 && byte !== 0x0d) return false;
  }
  return true;
}
