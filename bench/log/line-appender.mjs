/** Records that are there as bytes, as a door finds them in a body that it scans. */
import { RecordLines } from '../../dist/src/staging-log/record-lines.port.js';
import { recordMaker } from './record-maker.mjs';

const NUMBER_DIGITS = 12;

/**
 * @param recordsPerCall of one body, which is the same for each call but for the ids
 * @returns an append of so many records, spliced from the bytes of a body
 */
export function lineAppender(log, recordsPerCall, { ids, lineBytes }) {
  const records = Array.from({ length: recordsPerCall }, recordMaker(lineBytes, ids));
  const body = Buffer.from(records.map(({ id = '', payload }) => `${id}${payload}\n`).join(''));
  const places = findPlaces(records);
  const spans = { idStart: 0, idEnd: 0, payloadStart: 0, payloadEnd: 0 };
  const spare = [];
  let number = 0;
  return async () => {
    const lines = spare.pop() ?? new RecordLines();
    for (const { idStart, idEnd, payloadEnd } of places) {
      if (ids) writeNumber(body, idEnd, number++);
      spans.idStart = idStart;
      spans.idEnd = idEnd;
      spans.payloadStart = idEnd;
      spans.payloadEnd = payloadEnd;
      lines.addBytes(body, spans);
    }
    const answer = await log.appendLines(lines);
    lines.clear();
    spare.push(lines);
    return answer;
  };
}

/** All of it is ASCII. */
function findPlaces(records) {
  let at = 0;
  return records.map(({ id = '', payload }) => {
    const idStart = at;
    const idEnd = idStart + id.length;
    const payloadEnd = idEnd + payload.length;
    at = payloadEnd + 1;
    return { idStart, idEnd, payloadEnd };
  });
}

/** Its digits, before `end`: so no id comes twice. */
function writeNumber(body, end, number) {
  let rest = number;
  for (let at = end - 1; at >= end - NUMBER_DIGITS; at--) {
    body[at] = 0x30 + (rest % 10);
    rest = Math.floor(rest / 10);
  }
}
