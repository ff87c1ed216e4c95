import { LocalStagingLog } from '../../dist/src/staging-log/local-staging-log.js';
import { eventMaker } from './event-maker.mjs';

const RECORDS_PER_CALL = 1_000;
const PROGRESS_EVENTS = 1_000_000;
const MICROS = 1_000_000;

/**
 * Appends events through the product's own log, so that its files are those that users have.
 * @param staging `dataDir`; how many `events`, of how many `users`; `part`: so many of them are told apart
 * @returns of the part and of all: how many events, users and bytes, and what they add up to in millionths
 */
export async function stageLog({ dataDir, events, users, part }) {
  const log = await openLog(dataDir);
  const nextEvent = eventMaker(users);
  const seen = new Set();
  let micros = 0n;
  const record = () => {
    const event = nextEvent();
    seen.add(event.userId);
    const change = BigInt(Math.round(event.value * MICROS));
    micros += event.name === 'add_revenue' ? change : -change;
    return { payload: JSON.stringify(event) };
  };
  let staged = 0;
  const stageUpTo = async (count) => {
    while (staged < count) {
      const length = Math.min(RECORDS_PER_CALL, count - staged);
      const answer = await log.append(Array.from({ length }, record));
      if (answer.kind !== 'durable') throw new Error(answer.message);
      staged += length;
      if (staged % PROGRESS_EVENTS === 0) process.stderr.write(`staged ${staged} events\n`);
    }
    return { events: staged, users: seen.size, bytes: log.endOffset(), micros: String(micros) };
  };
  const figures = { part: await stageUpTo(part), all: await stageUpTo(events) };
  await log.close();
  return figures;
}

/** With segments as long as they are by default; other bounds are out of the way. */
function openLog(dataDir) {
  return LocalStagingLog.open({
    dataDir,
    segmentBytesMax: 64 * 1024 * 1024,
    dedupeIdsMax: 0,
    dedupeWindowSeconds: 0,
    appendQueueBytesMax: 64 * 1024 * 1024,
    backlogBytesMax: 0,
    diskFreeBytesMin: 0,
    report: (level, message) => process.stderr.write(`${level}: ${message}\n`),
  });
}
