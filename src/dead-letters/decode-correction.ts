import { decodeEvent } from '../shared/event/event-codec.js';
import { decodeJson, withoutByteOrderMark } from '../shared/event/decode-json.js';
import type { RevenueEvent } from '../shared/event/event.js';
import { Problem } from '../shared/http/problem.js';

/**
 * The corrected event in the body of a request, by the rules of any event, but without an id.
 * @throws Problem 400 for anything else.
 */
export function decodeCorrection(body: Buffer): RevenueEvent {
  const decoded = decodeJson(withoutByteOrderMark(body));
  if (decoded.kind === 'refused') throw refused(decoded.code, decoded.message);
  const { json } = decoded;
  if (typeof json === 'object' && json !== null && Object.hasOwn(json, 'id')) {
    const message =
      'unknown property "id": a corrected event has the id of its dead letter, and only userId, name and value are given';
    throw refused('PROPERTY_UNKNOWN', message);
  }
  const result = decodeEvent(json);
  if (result.kind === 'refused') throw refused(result.code, result.message);
  return result.event;
}

const refused = (code: string, detail: string): Problem =>
  new Problem({ status: 400, code, detail });
