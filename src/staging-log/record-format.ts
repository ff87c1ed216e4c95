/** A record longer than this cannot come from this system: about 30 times the longest event. */
export const RECORD_BYTES_MAX = 1024 * 1024;

/** What the log itself puts into a record, and the rest as it was given. */
export interface SplitRecord {
  readonly timestamp: number;
  readonly id: string | null;
  readonly payload: string;
}

/** Of the line around payload and id; and JSON makes six characters of one at most. */
const FRAME_BYTES = 64;
const GROWTH_MAX = 6;

/** @throws TypeError for a record that could not be read back from its line as it was given. */
export function assertRecord(record: { readonly id?: string; readonly payload: string }): void {
  const { id = '', payload } = record;
  if (!payload.startsWith('{"') || payload.includes('\n')) {
    throw new TypeError('a payload is the text of a non-empty JSON object on one line');
  }
  if (payload.startsWith('{"id":') || payload.startsWith('{"timestamp":')) {
    throw new TypeError('a payload does not begin with a member that the log itself puts there');
  }
  if (!id.isWellFormed() || !payload.isWellFormed()) {
    throw new TypeError('half a surrogate pair cannot be told from others once it is stored');
  }
  const surelyShort = (id.length + payload.length) * GROWTH_MAX + FRAME_BYTES <= RECORD_BYTES_MAX;
  if (surelyShort) return;
  if (Buffer.byteLength(formatRecord(Number.MAX_SAFE_INTEGER, record)) > RECORD_BYTES_MAX) {
    throw new TypeError(`a record has at most ${RECORD_BYTES_MAX} bytes`);
  }
}

/** One line of the log, with its `\n`: the payload's object with `timestamp` and `id` in front. */
export function formatRecord(
  timestamp: number,
  { id, payload }: { readonly id?: string; readonly payload: string },
): string {
  const idMember = id === undefined ? '' : `"id":${JSON.stringify(id)},`;
  return `{"timestamp":${timestamp},${idMember}${payload.slice(1)}\n`;
}

const LAYOUT = /^\{"timestamp":(\d{1,16}),(?:"id":("(?:[^"\\]|\\.)*"),)?/;

/** Takes a line (without `\n`) apart that `formatRecord` made; null for any other. */
export function splitRecord(line: string): SplitRecord | null {
  const match = LAYOUT.exec(line);
  if (match?.[1] === undefined) return null;
  const payload = `{${line.slice(match[0].length)}`;
  if (match[2] === undefined) return { timestamp: Number(match[1]), id: null, payload };
  try {
    return { timestamp: Number(match[1]), id: JSON.parse(match[2]) as string, payload };
  } catch {
    return null; // bytes that only look like a record; the load will make a dead letter of them
  }
}
