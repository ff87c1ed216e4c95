/**
 * The way out of RUN_TOO_OLD: prints those lines of an interrupted run's events file that are not
 * stored. `node scripts/missing-events.mjs <state of the run> <log file>... > missing.jsonl`
 *
 * Events get the ids that the run would have given them, so what is printed can be sent, printed and
 * sent again without counting anything twice. Bad lines are printed as they are.
 * Exit codes: 0 printed, 1 refused, nothing was printed; 2 usage.
 */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createReadStream } from 'node:fs';
import { readFile, realpath } from 'node:fs/promises';
import { decodeLine, LINE_BYTES_MAX } from '../dist/src/client/decode-line.js';
import { LineSplitter } from '../dist/src/client/line-splitter.js';
import { parcelItem } from '../dist/src/client/packer.js';
import { decodeRunState } from '../dist/src/client/run-state.js';

/** The log puts the time and the id in front of everything else. */
const ID_OF_RECORD = /^\{"timestamp":\d+,"id":("(?:[^"\\]|\\.)*")/;

class Refusal extends Error {}

const [statePath, ...logFiles] = process.argv.slice(2);
if (statePath === undefined || logFiles.length === 0) {
  console.error(
    'usage: node scripts/missing-events.mjs <state of the run> <log file>... > missing.jsonl',
  );
  process.exitCode = 2;
} else {
  try {
    await main();
  } catch (error) {
    const known = error instanceof Refusal || 'code' in error;
    console.error(`missing-events: ${known ? error.message : error.stack}`);
    process.exitCode = 1;
  }
}

async function main() {
  const run = await readState();
  const { sha256, ownIds, lastAnswered } = await readFileOf(run);
  if (sha256 !== run.sha256) {
    throw new Refusal(`${run.file} is not the file that the run began with; put it back as it was`);
  }
  const isStored = await findStored(run, ownIds);
  if (lastAnswered !== null && !isStored(lastAnswered)) {
    throw new Refusal(
      `line ${run.line} was answered, but its id is in none of the log files: ` +
        'name all files of the log that this run was sent to',
    );
  }
  await print(run, isStored);
}

async function readState() {
  const decoded = decodeRunState(await readFile(statePath, 'utf8'));
  if (decoded.kind === 'unreadable') throw new Refusal(`${statePath}: ${decoded.reason}`);
  if (decoded.state.finished) throw new Refusal('the run was finished: nothing of it is missing');
  return decoded.state;
}

/** Its hash, the ids that its lines bring along, and the item that was answered last. */
async function readFileOf(run) {
  const hash = createHash('sha256');
  const ownIds = new Set();
  let lastAnswered = null;
  for await (const line of linesOf(run.file, run.size, hash)) {
    if (line.number < run.line) continue;
    const item = itemOf(line, run);
    if (item === null) continue;
    if (line.number === run.line) lastAnswered = item;
    if (item.ownId !== null) ownIds.add(item.ownId);
  }
  return { sha256: hash.digest('hex'), ownIds, lastAnswered };
}

/** Reads the log once, and answers for items of the run. Of ids that the run made, the line is kept. */
async function findStored(run, ownIds) {
  const made = `${run.runId}:`;
  const storedLines = new Set();
  const storedOwnIds = new Set();
  for (const file of new Set(await Promise.all(logFiles.map((path) => realpath(path))))) {
    for await (const line of linesOf(file)) {
      const match = line.kind === 'line' ? ID_OF_RECORD.exec(line.bytes.toString('utf8')) : null;
      if (match === null) continue;
      const id = JSON.parse(match[1]);
      if (id.startsWith(made)) storedLines.add(Number(id.slice(made.length)));
      if (ownIds.has(id)) storedOwnIds.add(id);
    }
  }
  return ({ ownId, line }) => (ownId === null ? storedLines.has(line) : storedOwnIds.has(ownId));
}

async function print(run, isStored) {
  let missing = 0;
  let stored = 0;
  for await (const line of linesOf(run.file, run.size)) {
    if (line.number <= run.line) continue;
    const item = itemOf(line, run);
    const bytes = bytesOf(line, item);
    if (bytes === null) continue;
    if (item !== null && isStored(item)) {
      stored += 1;
      continue;
    }
    missing += 1;
    if (!process.stdout.write(bytes)) await once(process.stdout, 'drain');
  }
  console.error(
    `missing-events: after line ${run.line} of ${run.file}: ${stored} stored, ${missing} missing`,
  );
}

/** A line to print; null for one that is blank, or longer than any event. */
function bytesOf(line, item) {
  if (item !== null) return Buffer.from(`${item.text}\n`);
  if (line.kind === 'too-long' || line.bytes.toString('latin1').trim() === '') return null;
  return Buffer.concat([line.bytes, Buffer.from('\n')]);
}

/** An event as the client sends it; null for a line that is none. */
function itemOf(line, run) {
  const decoded = decodeLine(line);
  if (decoded.kind !== 'event') return null;
  const item = parcelItem(decoded.event, run.runId, line.number);
  return { ...item, ownId: decoded.event.id ?? null };
}

/** Of a file that grows: a last line without its end is no record, nobody was told that it is stored. */
async function* linesOf(path, bytes = null, hash = null) {
  const splitter = new LineSplitter(LINE_BYTES_MAX);
  const options = { highWaterMark: 256 * 1024, ...(bytes === null ? {} : { end: bytes - 1 }) };
  for await (const chunk of createReadStream(path, options)) {
    hash?.update(chunk);
    yield* splitter.push(chunk);
  }
  if (bytes !== null) yield* splitter.end();
}
