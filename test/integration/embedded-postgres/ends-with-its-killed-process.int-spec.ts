import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench, eventually, isAlive, query, sigkill } from './support.js';

describe('an embedded server whose Node process is killed', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('shuts down by itself', async () => {
    const { owner } = await bench.startOwner();
    const postmaster = await bench.postmasterPid();

    await sigkill(owner);

    expect(await eventually(() => !isAlive(postmaster))).toBe(true);
  });

  it('lets the next start begin at once, with all committed data', async () => {
    const { owner, url } = await bench.startOwner();
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await sigkill(owner);

    const next = await bench.start();

    expect(await query(next.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
  });
});
