import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { faultyFiles, faultyOptions } from './faults.mjs';
import { LOG_OPTIONS } from './log-options.mjs';
import { readOn } from './log-share.mjs';
import { callLength, logRecords, range, SENDERS } from './records.mjs';
import { Violation } from './stored-records.mjs';

const SAMPLE = 20;

/**
 * Opens a log after a kill, reads on in it to the end, sends again what was acknowledged, and closes it.
 * @param finish also sends until it is answered what every sender has under way; `acknowledged` grows by it
 * @throws Violation
 */
export async function checkOpenedLog({ finish, ...state }) {
  const log = await openLog(state);
  try {
    if (log.endOffset() < state.endTold) {
      throw new Violation('lost', `the end went back from ${state.endTold} to ${log.endOffset()}`);
    }
    await assertProved(log, state.checkpoint);
    await readOn(log, state.read);
    if (state.read.offset !== log.endOffset()) {
      throw new Violation(
        'lost',
        `reading ends at ${state.read.offset}, not at ${log.endOffset()}`,
      );
    }
    state.read.assertHolds(state.acknowledged);
    const end = log.endOffset();
    for (const sender of range(0, SENDERS)) await sendAgain(log, state, sender);
    if (log.endOffset() !== end) throw new Violation('doubled', 'what was sent again was stored');
    if (!finish) return;
    for (const sender of range(0, SENDERS)) await sendPending(log, state.acknowledged, sender);
  } finally {
    await log.close();
  }
}

async function openLog({ dist, fault, dataDir, clock }) {
  const load = (file) => import(pathToFileURL(join(dist, 'src/staging-log', file)).href);
  const { LocalStagingLog } = await load('local-staging-log.js');
  const { nodeLogFiles } = await load('files/log-files.js');
  const options = {
    ...LOG_OPTIONS,
    ...clock.options,
    ...faultyOptions(fault),
    files: faultyFiles(nodeLogFiles, fault),
  };
  try {
    return await LocalStagingLog.open({
      ...options,
      dataDir,
      segmentBytesMax: 20_000,
      report: () => undefined,
    });
  } catch (error) {
    throw new Violation('manual', `the log does not open: ${String(error)}`);
  }
}

/** The record before the checkpoint stays, whatever is retired. */
async function assertProved(log, { offset, fingerprint }) {
  const comparison = await log.compare(offset, fingerprint);
  if (comparison === 'same') return;
  throw new Violation('lost', `the record before the checkpoint ${offset} is ${comparison}`);
}

/** Some from as long ago as the window goes back for certain, and the last ones. */
async function sendAgain(log, { acknowledged, again, clock }, sender) {
  const end = acknowledged[sender];
  const since = clock.since[sender];
  const old = since + Math.floor(again * (end - since));
  const last = range(Math.max(since, end - 5), end);
  const numbers = range(old, Math.min(end, old + SAMPLE)).concat(last);
  if (numbers.length === 0) return;
  const { outcomes } = await append(log, sender, numbers);
  const first = outcomes.findIndex((outcome) => outcome !== 'duplicate');
  if (first < 0) return;
  const kind = outcomes[first] === 'appended' ? 'doubled' : 'wrong';
  throw new Violation(kind, `${sender}:${numbers[first]}, sent again, is ${outcomes[first]}`);
}

async function sendPending(log, acknowledged, sender) {
  const from = acknowledged[sender];
  const to = from + callLength(sender, from);
  await append(log, sender, range(from, to));
  acknowledged[sender] = to;
}

async function append(log, sender, numbers) {
  const result = await log.append(logRecords(sender, numbers));
  if (result.kind === 'durable') return result;
  throw new Violation('manual', `the log refuses: ${result.code} ${result.message}`);
}
