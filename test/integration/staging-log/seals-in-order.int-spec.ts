import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { systemError } from '../../support/staging-log-faults.js';
import { appendAll, readNumbers, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

const sumsOf = (first: number): string => `${String(first).padStart(20, '0')}.sums`;

it('seals nothing newer before what a start could not seal, so that the next start finds both', async () => {
  const bench = await StagingLogWorkbench.create({ segmentBytesMax: 100 });
  const failSums = (of: number | null): void => {
    bench.files.before = (call, _nth, path) => {
      const isIt = path.endsWith('.sums.new') && (of === null || path.includes(sumsOf(of)));
      if (call === 'open' && isIt) throw systemError('ENOSPC');
    };
  };
  try {
    failSums(null);
    const log = await bench.open();
    for (let n = 0; n < 8; n++) await appendAll(log, record(n));
    await log.close();
    failSums(0);
    const again = await bench.open();
    expect(bench.reports.join('\n')).toMatch(/checksums in .* are not complete yet/);
    for (let n = 8; n < 16; n++) await appendAll(again, record(n));
    await again.close();
    bench.files.heal();
    const last = await bench.open();
    expect(await readNumbers(last)).toEqual(Array.from({ length: 16 }, (_, n) => n));
    await last.close();
    const names = await readdir(bench.directory);
    const sealed = names
      .filter((name) => name.endsWith('.jsonl'))
      .sort()
      .slice(0, -1);
    expect(sealed.length).toBeGreaterThan(4);
    for (const name of sealed) {
      const sums = name.replace('.jsonl', '.sums');
      expect(await readFile(join(bench.directory, sums), 'utf8')).toMatch(/^sealed /m);
    }
  } finally {
    await bench.remove();
  }
});
