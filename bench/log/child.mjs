/**
 * One measurement in a process of its own: `node bench/log/child.mjs <JSON>`, where the JSON says the
 * subject, an empty directory for it, and the load. Prints its figures as a line of JSON.
 */
import * as fs from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { LocalStagingLog } from '../../dist/src/staging-log/local-staging-log.js';
import { closedLoop } from '../support/closed-loop.mjs';
import { Latencies } from '../support/latencies.mjs';
import { openBareAppender } from './bare-appender.mjs';
import { lineAppender } from './line-appender.mjs';
import { recordMaker } from './record-maker.mjs';

const subjects = { log: measureLog, bare: measureBare, fdatasync: measureSync };
const measurement = JSON.parse(process.argv[2]);
const { callsPerSecond, ...times } = await subjects[measurement.subject](measurement);
const { recordsPerCall = 1 } = measurement;
console.log(JSON.stringify({ eventsPerSecond: callsPerSecond * recordsPerCall, ...times }));

/** With real files and segments as long as they are by default; other bounds are out of the way. */
async function measureLog({ directory, recordsPerCall, ids, bytes, lineBytes, ...load }) {
  const log = await LocalStagingLog.open({
    dataDir: directory,
    segmentBytesMax: 64 * 1024 * 1024,
    dedupeIdsMax: 10_000_000,
    dedupeWindowSeconds: 86_400,
    appendQueueBytesMax: 64 * 1024 * 1024,
    backlogBytesMax: 0,
    diskFreeBytesMin: 0,
    report: (level, message) => process.stderr.write(`${level}: ${message}\n`),
  });
  const nextRecord = recordMaker(lineBytes, ids);
  const append = bytes
    ? lineAppender(log, recordsPerCall, { ids, lineBytes })
    : recordsPerCall === 1
      ? () => log.append([nextRecord()])
      : () => log.append(Array.from({ length: recordsPerCall }, nextRecord));
  const figures = await closedLoop(load, append, (answer) => {
    if (answer.kind !== 'durable') throw new Error(answer.message);
  });
  await log.close();
  return figures;
}

function measureBare({ directory, recordsPerCall, lineBytes, ...load }) {
  const append = openBareAppender(join(directory, 'bare'), `${'x'.repeat(lineBytes - 1)}\n`);
  return closedLoop(load, () => append(recordsPerCall));
}

/** A small write and its fdatasync, over and over; only the sync is timed. */
async function measureSync({ directory, lineBytes, seconds, warmUpSeconds }) {
  const [write, fdatasync] = [promisify(fs.write), promisify(fs.fdatasync)];
  const fd = fs.openSync(join(directory, 'sync'), 'a');
  const line = Buffer.alloc(lineBytes, 'x');
  const measure = async (milliseconds) => {
    const latencies = new Latencies();
    const startedAt = performance.now();
    while (performance.now() < startedAt + milliseconds) {
      await write(fd, line);
      const start = performance.now();
      await fdatasync(fd);
      latencies.add(performance.now() - start);
    }
    return latencies.summarize(performance.now() - startedAt);
  };
  await measure(warmUpSeconds * 1000);
  return measure(seconds * 1000);
}
