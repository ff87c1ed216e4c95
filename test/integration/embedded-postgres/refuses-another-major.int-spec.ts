import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench } from './support.js';

describe('a data directory of another major version', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  const makeCluster = async (directory: string, version: string): Promise<void> => {
    await mkdir(directory, { recursive: true });
    await writeFile(join(directory, 'PG_VERSION'), `${version}\n`);
  };

  it('is refused with both versions, its path and the remedy, and is left alone', async () => {
    await makeCluster(bench.clusterDir(17), '17');

    const refusal = await bench.start().catch((error: unknown) => error);

    expect(refusal).toMatchObject({ code: 'EMBEDDED_POSTGRES_OTHER_MAJOR' });
    const { message } = refusal as Error;
    for (const part of [bench.clusterDir(17), 'PostgreSQL 17', 'PostgreSQL 18', 'pg_dump']) {
      expect(message).toContain(part);
    }
    expect(await readdir(join(bench.dataDir, 'postgres'))).toEqual(['17']);
  });

  it('is refused under the right name too', async () => {
    await makeCluster(bench.clusterDir(18), '16');
    await expect(bench.start()).rejects.toMatchObject({ code: 'EMBEDDED_POSTGRES_OTHER_MAJOR' });
  });

  it('does not harm when the right one is there as well', async () => {
    await (await bench.start()).stop();
    await makeCluster(bench.clusterDir(17), '17');
    await expect(bench.start()).resolves.toBeDefined();
  });
});
