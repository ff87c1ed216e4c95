import 'reflect-metadata';
import { readFileSync } from 'node:fs';
import { rename, truncate, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DataSource } from 'typeorm';
import { Processor } from '../../dist/src/processor/processor.js';
import { Environment } from '../../dist/src/shared/config/environment.js';
import { dataSourceOptions } from '../../dist/src/shared/database/data-source-options.js';
import { formatSums } from '../../dist/src/staging-log/blocks/sums-file.js';
import { segmentPath, sumsPath } from '../../dist/src/staging-log/files/log-layout.js';
import { openStoppedLog } from '../../dist/src/staging-log/log-tools.port.js';
import { stageLog } from '../load/stage-log.mjs';

const LAST_SEGMENT_EVENTS = 12_000;
const USERS = 10_000;
const SEGMENT_BYTES = 64 * 1024 * 1024;
const TICKS = 200;

/**
 * Runs with nothing new: a log is staged whose last segment has about a megabyte of records, and `olderSegments` before
 * it that are sealed and sparse, since nobody is to read them; all of it is loaded, as the checkpoint says.
 * @returns times of opening and of runs in ms; of each run after the first the bytes that it read, in the mean, with
 * what the database answered (null where the system does not tell)
 */
export async function measureTick({ directory, url, olderSegments }) {
  await stageLog({ dataDir: directory, events: LAST_SEGMENT_EVENTS, users: USERS, part: 0 });
  await putSegmentsBefore(join(directory, 'staging'), olderSegments);
  const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
  const startedAt = performance.now();
  const { log, close } = await openStoppedLog(directory, (level, message) => {
    throw new Error(`the log that was made is not sound: ${level}: ${message}`);
  });
  const openMs = performance.now() - startedAt;
  await storeCheckpoint(dataSource, log);
  const processor = processorOf({ dataSource, log, directory });
  const firstMs = await tick(processor);
  const times = [];
  const before = bytesRead();
  for (let index = 0; index < TICKS; index++) times.push(await tick(processor));
  const bytes = before === null ? null : (bytesRead() - before) / TICKS;
  await close();
  await dataSource.destroy();
  return { logBytes: log.endOffset(), openMs, firstMs, times, bytesPerTick: bytes };
}

/** Moves the only segment behind others. */
async function putSegmentsBefore(directory, count) {
  const first = count * SEGMENT_BYTES;
  if (first > 0) {
    await rename(segmentPath(directory, 0), segmentPath(directory, first));
    await rename(sumsPath(directory, 0), sumsPath(directory, first));
  }
  for (let at = 0; at < first; at += SEGMENT_BYTES) {
    await writeFile(segmentPath(directory, at), '');
    await truncate(segmentPath(directory, at), SEGMENT_BYTES);
    await writeFile(sumsPath(directory, at), formatSums([], SEGMENT_BYTES));
  }
}

async function storeCheckpoint(dataSource, log) {
  const end = log.endOffset();
  await dataSource.query(
    `insert into load_checkpoint (log_id, "offset", fingerprint, "timestamp", events, updated_at)
     values ($1, $2, $3, $4, $5, now())`,
    [log.identity, end, await log.fingerprintBefore(end), Date.now(), LAST_SEGMENT_EVENTS],
  );
}

function processorOf({ dataSource, log, directory }) {
  const {
    LOAD_USERS_MAX: usersMax,
    LOAD_READ_MS_MAX: readMsMax,
    HISTORY_HOURS_MAX,
  } = new Environment();
  return new Processor({
    dataSource,
    log,
    dataDir: directory,
    bounds: { usersMax, readMsMax },
    historyHoursMax: HISTORY_HOURS_MAX,
    pool: null, // threads are for a backlog
    stop: new AbortController().signal,
    onCheckpoint: () => undefined,
    onLoad: () => {
      throw new Error('there was something to load');
    },
  });
}

/** @returns how long it took, in ms */
async function tick(processor) {
  const startedAt = performance.now();
  const outcome = await processor.runOnce();
  const milliseconds = performance.now() - startedAt;
  if (outcome.kind !== 'caught-up') throw new Error(`a run with nothing new is ${outcome.kind}`);
  return milliseconds;
}

/** By this process, from files and sockets. */
function bytesRead() {
  try {
    return Number(/^rchar: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))[1]);
  } catch {
    return null; // no /proc here
  }
}
