/**
 * The yardstick of single events: what one process of Node makes of them without a framework. JSON.parse, a check by
 * hand, group commit (whatever queued while the last fdatasync ran is written and synced together), then the answer. No
 * ids, no bounds, no healing.
 */
import * as fs from 'node:fs';
import { answerHead, serveBare } from './bare-server.mjs';

const ANSWER = '{"accepted":1,"duplicates":0,"rejected":[]}';
const HEAD = answerHead(ANSWER);
const USER_ID_LENGTH_MAX = 255;
const VALUE_BOUND = 1e15;

/** @param file what it appends records to @returns its `url` */
export function serveBareIngest({ file }) {
  const append = openLines(file);
  return serveBare((request, response) => {
    let chunks = null;
    let first = null;
    request.on('data', (chunk) => {
      if (first === null) first = chunk;
      else (chunks ??= [first]).push(chunk);
    });
    request.on('end', () => {
      const event = parseEvent(chunks === null ? first : Buffer.concat(chunks));
      if (event === null) {
        response.writeHead(400).end();
        return;
      }
      const { userId, name, value } = event;
      append(`${JSON.stringify({ timestamp: Date.now(), userId, name, value })}\n`, response);
    });
  });
}

/** @returns null for what is no event */
function parseEvent(bytes) {
  let event;
  try {
    event = JSON.parse(bytes.toString());
  } catch {
    return null;
  }
  const { userId, name, value } = event;
  const valid =
    typeof userId === 'string' &&
    userId.length > 0 &&
    userId.length <= USER_ID_LENGTH_MAX &&
    (name === 'add_revenue' || name === 'subtract_revenue') &&
    typeof value === 'number' &&
    value >= 0 &&
    value < VALUE_BOUND;
  return valid ? event : null;
}

function openLines(file) {
  const fd = fs.openSync(file, 'a');
  let text = '';
  let waiting = [];
  let syncing = false;

  function commit() {
    if (syncing || text === '') return;
    syncing = true;
    const bytes = Buffer.from(text);
    const responses = waiting;
    text = '';
    waiting = [];
    fs.write(fd, bytes, (writeError, written) => {
      if (writeError || written !== bytes.length) throw writeError ?? new Error('a short write');
      fs.fdatasync(fd, (syncError) => {
        if (syncError) throw syncError;
        syncing = false;
        for (const response of responses) response.writeHead(202, HEAD).end(ANSWER);
        commit();
      });
    });
  }

  return (line, response) => {
    text += line;
    waiting.push(response);
    commit();
  };
}
