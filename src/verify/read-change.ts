import { decodeEvent } from '../shared/event/event-codec.js';
import { millionths } from './decimal-millionths.js';

/** Whole lines, without their `\n`. */
export function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf('\n', start);
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/**
 * What a line of the log changes, in millionths; null when it is no record of an event. The rules are
 * the codec's alone.
 */
export function readChange(
  line: Buffer,
): { readonly userId: string; readonly amount: bigint } | null {
  const record = parse(line);
  if (record === null || !Number.isSafeInteger(record['timestamp'])) return null;
  if ((record['timestamp'] as number) < 0) return null;
  delete record['timestamp'];
  const decoded = decodeEvent(record);
  if (decoded.kind === 'refused') return null;
  const { userId, name, value } = decoded.event;
  const amount = millionths(value.toString());
  if (amount === null) throw new Error(`the codec let ${value} through`);
  return { userId, amount: name === 'subtract_revenue' ? -amount : amount };
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
