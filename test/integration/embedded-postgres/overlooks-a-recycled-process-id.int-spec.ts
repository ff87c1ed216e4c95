import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench, query, sigkill } from './support.js';

describe('a lock file whose process id belongs to another program by now', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('does not stop the server from starting, nor harms that program', async () => {
    const { owner } = await bench.startOwner();
    const lockFile = join(bench.clusterDir(), 'postmaster.pid');
    const lock = (await readFile(lockFile, 'utf8')).replace(/^\d+/, String(process.ppid));
    owner.kill('SIGSTOP');
    process.kill(await bench.postmasterPid(), 'SIGKILL');
    await sigkill(owner);
    await writeFile(lockFile, lock);

    const server = await bench.start();

    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
