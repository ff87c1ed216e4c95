import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench } from './support.js';

describe('a cluster that PostgreSQL cannot open', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('is never initialised over: files without PG_VERSION are refused', async () => {
    await mkdir(bench.clusterDir(), { recursive: true });
    await writeFile(join(bench.clusterDir(), 'precious'), 'data');

    await expect(bench.start()).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_CLUSTER_DAMAGED',
    });
    expect(await readFile(join(bench.clusterDir(), 'precious'), 'utf8')).toBe('data');
  });

  it('fails the start with the words of the server', async () => {
    await (await bench.start()).stop();
    await writeFile(join(bench.clusterDir(), 'postgresql.conf'), 'no_such_setting = 1\n');

    await expect(bench.start()).rejects.toMatchObject({
      code: 'EMBEDDED_POSTGRES_START_FAILED',
      message: expect.stringContaining('no_such_setting'),
    });
  });
});
