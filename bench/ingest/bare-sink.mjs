/**
 * The yardstick of NDJSON: what one process of Node makes of bodies when it does nothing but store them. Collects
 * each, group commit (writev and fdatasync), then the answer. Nothing is parsed, so the answer counts nothing.
 */
import * as fs from 'node:fs';
import { answerHead, serveBare } from './bare-server.mjs';

const ANSWER = '{}';
const HEAD = answerHead(ANSWER);

/** @param file what it appends bodies to @returns its `url` */
export function serveBareSink({ file }) {
  const append = openBodies(file);
  return serveBare((request, response) => {
    const chunks = [];
    request.on('data', (chunk) => chunks.push(chunk));
    request.on('end', () => append(chunks, response));
  });
}

function openBodies(file) {
  const fd = fs.openSync(file, 'a');
  let queued = [];
  let bytes = 0;
  let waiting = [];
  let syncing = false;

  function commit() {
    if (syncing || waiting.length === 0) return;
    syncing = true;
    const [chunks, length, responses] = [queued, bytes, waiting];
    queued = [];
    bytes = 0;
    waiting = [];
    fs.writev(fd, chunks, (writeError, written) => {
      if (writeError || written !== length) throw writeError ?? new Error('a short write');
      fs.fdatasync(fd, (syncError) => {
        if (syncError) throw syncError;
        syncing = false;
        for (const response of responses) response.writeHead(202, HEAD).end(ANSWER);
        commit();
      });
    });
  }

  return (chunks, response) => {
    for (const chunk of chunks) {
      queued.push(chunk);
      bytes += chunk.length;
    }
    waiting.push(response);
    commit();
  };
}
