import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench, eventually, guardPidsOf, isAlive, query, sigkill } from './support.js';

describe('an embedded server that lost its Node process and its guard', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('is shut down by the next start, which then runs its own', async () => {
    const { owner, url } = await bench.startOwner();
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    const orphan = await bench.postmasterPid();
    owner.kill('SIGSTOP');
    for (const pid of await guardPidsOf(orphan)) process.kill(pid, 'SIGKILL');
    await sigkill(owner);
    expect(isAlive(orphan)).toBe(true);

    const next = await bench.start();

    expect(await eventually(() => !isAlive(orphan))).toBe(true);
    expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(bench.log.count(/left over from a process that was killed/)).toBe(1);
  });
});
