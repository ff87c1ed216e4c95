import {
  COMMA,
  TIMESTAMP_DIGITS,
  TIMESTAMP_END,
  TIMESTAMP_START,
  WORD_BYTES,
} from '../line-layout.js';
import {
  MARKS_PER_RECORD,
  PAYLOAD_END_MARK,
  PAYLOAD_MARK,
  type RecordLines,
} from '../record-lines.port.js';

const room = Buffer.alloc(TIMESTAMP_DIGITS);

/**
 * Completes lines with the time, in place; they are good for nothing but `clear` then.
 * @param timestamp in ms since 1970
 * @returns the bytes to write, theirs until they are cleared
 */
export function stampLines(lines: RecordLines, timestamp: number): Buffer {
  const digits = String(timestamp);
  if (digits.length !== TIMESTAMP_DIGITS) return stampAnew(lines, digits);
  const { view, marks, count } = lines;
  room.write(digits);
  const first = room.readDoubleLE(0);
  const last = room.readDoubleLE(TIMESTAMP_DIGITS - WORD_BYTES); // they have some digits in common
  let start = 0;
  for (let at = 0; at < count * MARKS_PER_RECORD; at += MARKS_PER_RECORD) {
    view.setFloat64(start + TIMESTAMP_START, first, true);
    view.setFloat64(start + TIMESTAMP_END - WORD_BYTES, last, true);
    view.setUint8(marks[at + PAYLOAD_MARK] ?? 0, COMMA);
    start = (marks[at + PAYLOAD_END_MARK] ?? 0) + 1;
  }
  return lines.contents.subarray(0, lines.bytes);
}

/** For clocks that are centuries off: there is no room for another number of digits. */
function stampAnew(lines: RecordLines, digits: string): Buffer {
  const { contents, marks, count } = lines;
  const head = Buffer.concat([contents.subarray(0, TIMESTAMP_START), Buffer.from(digits)]);
  const pieces: Buffer[] = [];
  let start = 0;
  for (let at = 0; at < count * MARKS_PER_RECORD; at += MARKS_PER_RECORD) {
    contents[marks[at + PAYLOAD_MARK] ?? 0] = COMMA;
    const next = (marks[at + PAYLOAD_END_MARK] ?? 0) + 1;
    pieces.push(head, contents.subarray(start + TIMESTAMP_END, next));
    start = next;
  }
  return Buffer.concat(pieces);
}
