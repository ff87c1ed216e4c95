import { decodeEvent } from '../shared/event/event-codec.js';
import { parseCorrectionId } from '../shared/event/reserved-id.js';
import { millionths } from './decimal-millionths.js';

/** Whole lines, without their `\n`. */
export function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf('\n', start);
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** What a record of an event changes. */
export interface Change {
  readonly userId: string;
  /** In millionths. */
  readonly amount: bigint;
  /** When the log took it, in milliseconds since 1970. */
  readonly timestamp: number;
  /** Whether it corrects a dead letter: of those, only the first one that was loaded counts. */
  readonly isCorrection: boolean;
}

/** What a line of the log changes; null when it is no record of an event. The rules are the codec's alone. */
export function readChange(line: Buffer): Change | null {
  const record = parse(line);
  const timestamp = record?.['timestamp'];
  if (record === null || typeof timestamp !== 'number') return null;
  if (!Number.isSafeInteger(timestamp) || timestamp < 0) return null;
  delete record['timestamp'];
  const decoded = decodeEvent(record);
  if (decoded.kind === 'refused') return null;
  const { id, userId, name, value } = decoded.event;
  const amount = millionths(value.toString());
  if (amount === null) throw new Error(`the codec let ${value} through`);
  return {
    userId,
    amount: name === 'subtract_revenue' ? -amount : amount,
    timestamp,
    isCorrection: id !== undefined && parseCorrectionId(id) !== null,
  };
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function parse(line: Buffer): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(utf8.decode(line));
    const isObject = typeof json === 'object' && json !== null && !Array.isArray(json);
    return isObject ? (json as Record<string, unknown>) : null;
  } catch {
    return null;
  }
}
