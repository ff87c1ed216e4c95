import { RecordLines } from '../../src/staging-log/record-lines.port.js';
import type {
  AppendResult,
  NewRecord,
  StagingLog,
} from '../../src/staging-log/staging-log.port.js';

/** Whether an id can be told as bytes: it stands in JSON as it is, and is not empty. */
const isPlain = (id: string): boolean => id !== '' && JSON.stringify(id) === `"${id}"`;

/**
 * Puts records into lines: spliced from bytes wherever a door could do so, else as texts.
 * @param around stands before and behind each id and payload in those bytes; without it the last
 * payload ends where their memory ends
 */
export function addToLines(
  lines: RecordLines,
  records: readonly NewRecord[],
  around = '',
): RecordLines {
  const texts = records.map(({ id = '', payload }) => [around, id, around, payload] as const);
  const all = Buffer.from(texts.flat().join('') + around);
  const source = Buffer.from(new ArrayBuffer(all.length));
  all.copy(source);
  const spans = { idStart: 0, idEnd: 0, payloadStart: 0, payloadEnd: 0 };
  for (const [index, record] of records.entries()) {
    const [, id, , payload] = texts[index] ?? ['', '', '', ''];
    spans.idStart = spans.payloadEnd + Buffer.byteLength(around);
    spans.idEnd = spans.idStart + Buffer.byteLength(id);
    spans.payloadStart = spans.idEnd + Buffer.byteLength(around);
    spans.payloadEnd = spans.payloadStart + Buffer.byteLength(payload);
    if (record.id === undefined || isPlain(record.id)) lines.addBytes(source, spans);
    else lines.add(record);
  }
  return lines;
}

/** What `append` does, by lines. */
export const appendAsLines = (
  log: StagingLog,
  records: readonly NewRecord[],
): Promise<AppendResult> => log.appendLines(addToLines(new RecordLines(), records));
