import { join } from 'node:path';
import { measureInChild } from '../support/measure-in-child.mjs';
import { withTemporaryDirectory } from '../support/temporary-directory.mjs';
import { servers } from './with-server.mjs';

const CHILD = join(import.meta.dirname, 'child.mjs');
const WARM_UP_SECONDS = 1.5;

/**
 * One row of a part, once. A server is a fresh one on an empty directory; behind the load, what it stored is compared with
 * what it answered.
 * @returns figures of the sender; of a reader, `eventsPerSecond`
 * @throws when an answer or what is stored is not as it should be
 */
export function measureRow(row, { parent, database, seconds }) {
  const times = { seconds, warmUpSeconds: WARM_UP_SECONDS };
  const measure = (measurement) => measureInChild(CHILD, parent, { ...row, ...measurement });
  if (row.reader !== undefined) return measure({ subject: 'codec', ...times });
  return withTemporaryDirectory(parent, async (directory) => {
    const serve = servers[row.server];
    const { figures, files } = await serve({ directory, database }, (url) =>
      measure({ subject: 'load', url, ...times }),
    );
    const { answered, ...measured } = figures;
    await measure({ subject: 'check', files, answered });
    return measured;
  });
}
