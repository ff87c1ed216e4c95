import { mkdir, readdir, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench } from './support.js';

describe('the log files of an embedded server', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('are few, the newest ones, however often the server was started', async () => {
    const logDir = join(bench.dataDir, 'postgres', 'log');
    await mkdir(logDir, { recursive: true });
    for (let day = 1; day <= 9; day++) {
      const file = join(logDir, `postgresql-2020010${day}-000000.log`);
      await writeFile(file, 'old\n');
      await utimes(file, 1_577_836_800 + day, 1_577_836_800 + day);
    }

    await bench.start();

    const names = (await readdir(logDir)).sort();
    expect(names.length).toBeLessThanOrEqual(6);
    expect(names[0]).toBe('postgresql-20200105-000000.log');
  });
});
