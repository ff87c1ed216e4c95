import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench, query } from './support.js';

describe('a second process on the same data directory', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('is refused, and the first one does not notice', async () => {
    const { owner, url } = await bench.startOwner();
    const postmaster = await bench.postmasterPid();

    await expect(bench.start()).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_IN_USE',
      message: expect.stringContaining(`process ${owner.pid}`),
    });

    expect(await query(url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await bench.postmasterPid()).toBe(postmaster);
  });
});
