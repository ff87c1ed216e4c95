import { decodeEvent } from '../../shared/event/event-codec.js';
import type { RevenueEvent } from '../../shared/event/event.js';
import { decodeJson, type DecodedJson } from '../../shared/event/decode-json.js';

export type DecodedRecord =
  | { readonly kind: 'event'; readonly event: RevenueEvent; readonly timestamp: number }
  | { readonly kind: 'unusable'; readonly code: string; readonly message: string };

const unusable = (code: string, message: string): DecodedRecord => ({
  kind: 'unusable',
  code,
  message,
});

/**
 * A line of the log, without its `\n`, to the event that it records. The log is a plain file, so a
 * line may be anything; whatever is not an event by the codec's rules is unusable, for good.
 */
export const decodeRecord = (line: Buffer): DecodedRecord => judge(decodeJson(line));

function judge(decoded: DecodedJson): DecodedRecord {
  if (decoded.kind === 'refused') return unusable(decoded.code, decoded.message);
  const { json } = decoded;
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return unusable('RECORD_NOT_AN_OBJECT', 'a record is a JSON object');
  }
  const { timestamp, ...event } = json as Record<string, unknown>;
  if (!Number.isSafeInteger(timestamp) || (timestamp as number) < 0) {
    const message = 'the timestamp of a record is a whole number of milliseconds';
    return unusable('RECORD_TIMESTAMP_INVALID', message);
  }
  const result = decodeEvent(event);
  if (result.kind === 'refused') return unusable(result.code, result.message);
  return { kind: 'event', event: result.event, timestamp: timestamp as number };
}
