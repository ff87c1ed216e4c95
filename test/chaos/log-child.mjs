/**
 * The process that is killed: opens the log, lets several senders append to it while it is loaded and its
 * oldest segments are retired, closes it, and begins again, until it reaches the point where it is to die,
 * or somebody kills it. Says on stdout what happens. Its one argument is JSON, see `LogCampaign`.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CrashingFiles } from './crash-points.mjs';
import { faultyFiles, faultyOptions } from './faults.mjs';
import { LoadAndRetire } from './load-and-retire.mjs';
import { LOG_OPTIONS } from './log-options.mjs';
import { callLength, logRecords, range, SENDERS } from './records.mjs';
import { ShiftedClock } from './shifted-clock.mjs';
import { Violation } from './stored-records.mjs';

/** So often it opens and closes the log without having come to its point; then it gives up. */
const OPENINGS_MAX = 3;
/** Calls of a sender in one opening when the point is to come while they run. */
const CALLS_TO_POINT_MAX = 24;
/** From some records to some blocks; each opening takes the next. */
const SEGMENT_BYTES_MAX = [4_096, 20_000, 100_000];

const { dist, dataDir, order, acknowledged, firstSize, again, fault, ...plan } = JSON.parse(
  process.argv[2],
);
const calls = order?.point.startsWith('running/') ? CALLS_TO_POINT_MAX : plan.callsPerOpening;
const clock = new ShiftedClock(plan.clock);

/** At once, and not through a stream, whose buffer would die with the process. */
const say = (...words) => writeSync(1, `${words.join(' ')}\n`);

const load = (file) => import(pathToFileURL(join(dist, 'src/staging-log', file)).href);
const { LocalStagingLog } = await load('local-staging-log.js');
const { nodeLogFiles } = await load('files/log-files.js');
const crashing = new CrashingFiles(faultyFiles(nodeLogFiles, fault), order, (point) =>
  say('dies', point),
);
const loading = new LoadAndRetire({ checkpoint: plan.checkpoint, clock, acknowledged, say });

/** Sends one call, and says so once it is answered. */
async function send(log, sender) {
  const from = acknowledged[sender];
  const to = from + callLength(sender, from);
  const result = await log.append(logRecords(sender, range(from, to)));
  if (result.kind !== 'durable') throw new Error(`refused: ${result.code} ${result.message}`);
  if (result.outcomes.includes('id-reused')) say('wrong an id is said to be used by another event');
  acknowledged[sender] = to;
  say('acknowledged', sender, to, log.endOffset());
}

/** What was answered is a duplicate within the window: the last ones, and some from long ago. */
async function sendAgain(log, sender) {
  const end = acknowledged[sender];
  const since = clock.since[sender];
  const old = since + Math.floor(again * (end - since));
  for (const numbers of [
    range(old, Math.min(end, old + 3)),
    range(Math.max(since, end - 5), end),
  ]) {
    const result = await log.append(logRecords(sender, numbers));
    if (result.kind !== 'durable') throw new Error(`refused: ${result.code} ${result.message}`);
    const first = result.outcomes.findIndex((outcome) => outcome !== 'duplicate');
    if (first >= 0) {
      const kind = result.outcomes[first] === 'appended' ? 'doubled' : 'wrong';
      throw new Violation(
        kind,
        `${sender}:${numbers[first]} was acknowledged, and is ${result.outcomes[first]} now`,
      );
    }
  }
}

/** Time passes only after each sender has its first answer: what was under way before is in the window. */
async function useAll(log, opening) {
  const senders = range(0, SENDERS);
  const begin = async (sender) => {
    await sendAgain(log, sender);
    await send(log, sender);
  };
  await Promise.all(senders.map(begin));
  const goOn = async (sender) => {
    for (let call = 1; call < calls; call++) await send(log, sender);
  };
  const action = (plan.firstAction + opening) % 2 === 0 ? 'archive' : 'delete';
  await Promise.all([...senders.map(goOn), loading.run(log, action)]);
}

const sayCounts = () =>
  say('passed', crashing.phase, JSON.stringify(Object.fromEntries(crashing.counts)));

async function live() {
  for (let opening = 0; order === null || opening < OPENINGS_MAX; opening++) {
    say('opening');
    crashing.begin('opening');
    const log = await LocalStagingLog.open({
      ...LOG_OPTIONS,
      ...clock.options,
      ...faultyOptions(fault),
      dataDir,
      segmentBytesMax: SEGMENT_BYTES_MAX[(firstSize + opening) % SEGMENT_BYTES_MAX.length],
      files: crashing.files,
      report: (level, message) => say('report', level, message),
    });
    say('open', log.endOffset());
    sayCounts();
    crashing.begin('running');
    await useAll(log, opening);
    sayCounts();
    crashing.begin('closing');
    await log.close();
    sayCounts();
  }
  say('unreached');
}

try {
  await live();
} catch (error) {
  if (!(error instanceof Violation)) throw error;
  say(error.kind, error.message);
}
process.kill(process.pid, 'SIGKILL');
