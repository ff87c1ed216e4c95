/**
 * Opens the compiled log in the directory of its first argument and appends records with ids to it,
 * several calls at once, until it is killed. Says `open` when it begins, `ack <id>` for each record
 * that is durable. Its second argument is a number that no other child of the test has.
 */
import { writeSync } from 'node:fs';
import { LocalStagingLog } from '../../dist/src/staging-log/local-staging-log.js';

const [, , dataDir, generation] = process.argv;
const CALLS_AT_ONCE = 8;

/** At once, and not through a stream, whose buffer would die with the process. */
const say = (line) => writeSync(1, `${line}\n`);

const log = await LocalStagingLog.open({
  dataDir,
  dedupeIdsMax: 1_000_000,
  dedupeWindowSeconds: 3_600,
  appendQueueBytesMax: 64 * 1024 * 1024,
  backlogBytesMax: 0,
  diskFreeBytesMin: 0,
  report: (level, message) => say(`${level} ${message}`),
});
say('open');

async function appendForEver(caller) {
  for (let call = 0; ; call++) {
    const size = (call % 4) + 1;
    const records = Array.from({ length: size }, (_, part) => {
      const id = `${generation}:${caller}:${call}:${part} é`;
      return { id, payload: JSON.stringify({ id2: id, fill: 'x'.repeat((call * 37) % 700) }) };
    });
    const result = await log.append(records);
    if (result.kind !== 'durable') throw new Error(`refused: ${result.message}`);
    say(records.map(({ id }) => `ack ${id}`).join('\n'));
  }
}

await Promise.all(Array.from({ length: CALLS_AT_ONCE }, (_, caller) => appendForEver(caller)));
