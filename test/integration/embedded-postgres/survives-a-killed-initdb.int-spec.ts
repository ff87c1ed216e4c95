import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench, query } from './support.js';

describe('a start that was killed during initdb', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('leaves nothing that the next start stumbles over or keeps', async () => {
    const rootDir = join(bench.dataDir, 'postgres');
    await mkdir(join(rootDir, '18.initdb-Ab12Cd'), { recursive: true });
    await writeFile(join(rootDir, '18.initdb-Ab12Cd', 'PG_VERSION'), '18\n');

    const server = await bench.start();

    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await readdir(rootDir)).sort()).toEqual(['18', 'log', 'run']);
  });
});
