import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench, isAlive, query } from './support.js';

describe('stopping an embedded server', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('resolves when the process is gone, however often it is asked', async () => {
    const server = await bench.start();
    const postmaster = await bench.postmasterPid();

    await Promise.all([server.stop(), server.stop()]);
    await server.stop();

    expect(isAlive(postmaster)).toBe(false);
    await expect(query(server.url, 'SELECT 1')).rejects.toThrow();
  });

  it('ends a restart that is under way', async () => {
    const server = await bench.start();
    process.kill(await bench.postmasterPid(), 'SIGKILL');
    await server.stop();

    // Nobody holds the cluster: the next start neither waits for a server nor is refused.
    const next = await bench.start();

    expect(await query(next.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(bench.log.count(/left over/)).toBe(0);
  });
});
