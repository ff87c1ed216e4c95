/** A record longer than this cannot come from this system: about 30 times the longest event. */
export const RECORD_BYTES_MAX = 1024 * 1024;

/** What the log itself puts into a record, and the rest as it was given. */
export interface SplitRecord {
  readonly timestamp: number;
  readonly id: string | null;
  readonly payload: string;
}

/** @throws TypeError for a payload that is not the text of a non-empty object on one line. */
export function assertPayload(payload: string): void {
  if (!payload.startsWith('{"') || payload.includes('\n')) {
    throw new TypeError('a payload is the text of a non-empty JSON object on one line');
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
