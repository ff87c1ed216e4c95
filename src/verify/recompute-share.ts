import { decodeEvent } from '../shared/event/event-codec.js';
import type { Offset, StagingLogReader } from '../staging-log/staging-log.port.js';
import { START_OF_LOG } from '../staging-log/staging-log.port.js';
import { millionths } from './decimal-millionths.js';

/** What one log has contributed up to an offset: an exact sum per user. */
export interface Share {
  /** In millionths. */
  readonly users: Map<string, bigint>;
  readonly events: number;
  /** Records that are no events: each must be a dead letter. */
  readonly unusable: number;
}

const READ_BYTES = 1024 * 1024;

/** Sums a log from its start to `end`, without any code of the load. */
export async function recomputeShare(
  log: StagingLogReader,
  end: Offset,
  onProgress: (done: number) => void,
): Promise<Share> {
  const users = new Map<string, bigint>();
  let events = 0;
  let unusable = 0;
  for (let offset = START_OF_LOG; offset < end;) {
    const chunk = await log.read(offset, READ_BYTES);
    if (chunk.kind === 'end') throw new Error(`the log ends at ${offset}, before ${end}`);
    const bytes = chunk.kind === 'records' ? chunk.bytes.subarray(0, end - offset) : null;
    for (const line of bytes === null ? [null] : linesOf(bytes)) {
      const change = line === null ? null : readChange(line);
      if (change === null) {
        unusable += 1;
        continue;
      }
      events += 1;
      users.set(change.userId, (users.get(change.userId) ?? 0n) + change.amount);
    }
    offset = chunk.next;
    onProgress(Math.min(offset, end));
  }
  return { users, events, unusable };
}

function* linesOf(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length;) {
    const end = bytes.indexOf('\n', start);
    yield bytes.subarray(start, end);
    start = end + 1;
  }
}

/** What a line changes; null when it is no record of an event. The rules are the codec's alone. */
function readChange(line: Buffer): { readonly userId: string; readonly amount: bigint } | null {
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
