import { join } from 'node:path';
import { measureInChild } from '../support/measure-in-child.mjs';
import { withTemporaryDirectory } from '../support/temporary-directory.mjs';
import { withServer } from './with-server.mjs';

const CHILD = join(import.meta.dirname, 'child.mjs');
const WARM_UP_SECONDS = 1.5;

/**
 * One row of a part, once. A server is a fresh one on an empty directory; behind the load, what it stored is compared with
 * what it answered.
 * @param bench `label` names it among the `profiles`, a directory or undefined
 * @returns figures of the sender, and `cpuMicros` that the server worked for an event, the warm-up included (null where
 * unknown); of a reader, `eventsPerSecond`
 * @throws when an answer or what is stored is not as it should be
 */
export function measureRow(row, { parent, database, seconds, profiles, label }) {
  const times = { seconds, warmUpSeconds: WARM_UP_SECONDS };
  const measure = (measurement) => measureInChild(CHILD, parent, { ...row, ...measurement });
  if (row.reader !== undefined) return measure({ subject: 'codec', ...times });
  return withTemporaryDirectory(parent, async (directory) => {
    const bench = { server: row.server, directory, database, profiles, label };
    const { figures, files, cpuMs } = await withServer(bench, (url) =>
      measure({ subject: 'load', url, ...times }),
    );
    const { answered, ...measured } = figures;
    await measure({ subject: 'check', files, answered });
    const cpuMicros = cpuMs === null ? null : (cpuMs * 1000) / answered.sums.events;
    return { ...measured, cpuMicros };
  });
}
