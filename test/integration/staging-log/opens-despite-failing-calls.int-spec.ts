import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { systemError, type FileCall } from '../../support/staging-log-faults.js';
import { appendAll, readNumbers, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
});

afterEach(() => bench.remove());

const TORN = '{"timestamp":1,"n":3}';

async function layTornLog(): Promise<void> {
  await bench.lay(`{"timestamp":1,"n":1}\n{"timestamp":1,"n":2}\n${TORN}`);
}

describe('opening while calls fail', () => {
  it.each<FileCall>(['open', 'fstat', 'read', 'write', 'fsync', 'truncate'])(
    'fails or works at each %s, leaves no file open, and loses nothing',
    async (call) => {
      let failures = 0;
      for (let nth = 1, reached = true; reached; nth++) {
        await layTornLog();
        reached = false;
        const base = bench.files.calls[call];
        bench.files.before = (name, number) => {
          if (name !== call || number !== base + nth) return;
          reached = true;
          failures += 1;
          throw systemError('EIO');
        };
        await bench.open().then(
          (log) => log.close(),
          (error: unknown) => {
            expect(error).toMatchObject({ code: 'EIO' });
          },
        );
        bench.files.heal();
        expect([bench.files.strayCloses, [...bench.files.descriptors]]).toEqual([0, []]);
        const log = await bench.open();
        expect(await readNumbers(log)).toEqual([1, 2]);
        await log.close();
      }
      expect(failures).toBeGreaterThan(0);
    },
  );

  it('tells of no record that a killed process wrote before that is synced', async () => {
    await bench.lay('{"timestamp":1,"n":1}\n');
    const gate = bench.files.hold('fsync');
    let opened = false;
    const opening = bench.open().then((log) => {
      opened = true;
      return log;
    });
    await gate.reached;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(opened).toBe(false);
    gate.open();
    expect(await readNumbers(await opening)).toEqual([1]);
  });

  it.each(['write', 'fsync', 'open'] as const)(
    'opens on a full disk, with no room to keep a torn tail: %s',
    async (failing) => {
      await layTornLog();
      bench.files.before = (call, _nth, path) => {
        if (call === failing && path.includes('torn-')) throw systemError('ENOSPC');
      };
      const log = await bench.open();
      expect(await readNumbers(log)).toEqual([1, 2]);
      expect(bench.reports.join('\n')).toMatch(/cut 21 bytes .*offset 44.*no room/);
      bench.files.heal();
      await appendAll(log, record(3));
      await log.close();
      expect((await readFile(bench.segment, 'utf8')).split('\n')).toHaveLength(4);
    },
  );
});
