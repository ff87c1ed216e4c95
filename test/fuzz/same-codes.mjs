import { Violation } from './check-answer.mjs';
import { BOUNDS, judgeJson, judgeLines } from './door-model.mjs';
import { decodeText, parseJson } from './event-model.mjs';
import { PACKERS, toWire } from './requests.mjs';

const NEIGHBOUR = Buffer.from('{"userId":"neighbour","name":"add_revenue","value":1}');
const [OPEN, COMMA, CLOSE, END] = ['[', ',', ']', '\n'].map((text) => Buffer.from(text));

const json = { headers: ['Content-Type: application/json'], judge: judgeJson };
const lines = { headers: ['Content-Type: application/x-ndjson'], judge: judgeLines };

/** One item (one line, not blank) through every door that can carry it: each must say the same of it. */
export function oneItemAtEveryDoor(random, item) {
  const text = decodeText(item);
  const isJson = text !== null && parseJson(text) !== undefined;
  const marked = item.subarray(0, 3).equals(Buffer.from('\ufeff'));
  const isLine = item.length <= BOUNDS.LINE_BYTES_MAX && !marked;
  const beside = Buffer.concat([NEIGHBOUR, END, item, END, NEIGHBOUR]);
  const doors = [];
  if (!isJson || !Array.isArray(parseJson(text))) {
    doors.push(
      { ...json, body: item, index: 0 },
      { ...json, body: item, index: 0, path: '/events/' },
    );
  }
  if (isLine) {
    const headers = [...lines.headers, 'Content-Encoding: gzip'];
    doors.push(
      { ...lines, body: beside, index: 1 },
      { ...lines, body: Buffer.concat([item, END]), index: 0 },
    );
    doors.push({ ...lines, headers, body: beside, index: 1, coding: 'gzip' });
  }
  if (isJson && !marked) {
    const body = Buffer.concat([OPEN, NEIGHBOUR, COMMA, item, COMMA, NEIGHBOUR, CLOSE]);
    doors.push({ ...json, body, index: 1 });
  }
  const requests = doors.map(({ judge, body, headers, path, coding }) => ({
    wire: toWire({ headers, path, body: coding === undefined ? body : PACKERS[coding](body) }),
    expectation: judge(body),
    alone: body.length > BOUNDS.JSON_BODY_BYTES_MAX,
  }));
  const together = (answers) =>
    compareCodes(answers.map((answer, i) => codeOf(answer, doors[i].index)));
  return { requests, together };
}

/** What an answer says of one item: its code, or that it is there. */
function codeOf({ status, body: text }, index) {
  const { code, rejected = [] } = JSON.parse(text);
  const rejection = rejected.find((one) => one.index === index);
  if (rejection !== undefined) return rejection.code;
  return status >= 400 ? code : 'taken';
}

function compareCodes(codes) {
  if (new Set(codes).size > 1) throw new Violation(`one item, several codes: ${codes.join(', ')}`);
}
