import { readFile } from 'node:fs/promises';
import { Writable } from 'node:stream';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { retireOldest, type RetireOutcome } from '../../../src/retention/retire-oldest.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import type { RetentionAction } from '../../../src/staging-log/log-retention.port.js';
import { openLogBesideOwner } from '../../../src/staging-log/log-tools.port.js';
import {
  computeShare,
  verifyBalances,
  type Verification,
} from '../../../src/verify/verify.port.js';
import { eventually } from '../../support/eventually.js';
import { segmentAt, segmentStarts } from '../processor/break-files.js';
import { HookedReader, type Hooks } from '../processor/hooked-reader.js';
import { append, LoadHarness } from '../processor/load-harness.js';

const DAY_MS = 86_400_000;
const EVENTS = 40;

type ToolHooks = Hooks & { readonly refresh?: () => Promise<void> };

describe('beside an owner that retires segments', () => {
  let harness: LoadHarness;
  let log: LocalStagingLog;
  let events: number;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    log = await harness.openLog('data', { segmentBytesMax: 400 });
    events = 0;
    await load();
    await retire('delete', 2);
  });
  afterAll(() => harness.remove());

  /** Some events in some segments, all but the last of them sealed; and they are loaded. */
  async function load(): Promise<void> {
    for (let i = 0; i < EVENTS; i++) await append(log, [`user-${i % 7}`, i + 0.25]);
    events += EVENTS;
    await eventually(async () => {
      const newest = (await segmentStarts(harness.dataDir())).at(-2) ?? 0;
      const sums = segmentAt(harness.dataDir(), newest).replace(/jsonl$/, 'sums');
      return (await readFile(sums, 'latin1').catch(() => '')).includes('sealed');
    });
    const processor = harness.processor(log, {
      dataSource: await harness.connect(),
      dataDir: harness.dataDir(),
      onCheckpoint: ({ offset }) => {
        log.noteLoaded(offset);
      },
    });
    expect(await processor.runOnce()).toEqual({ kind: 'caught-up' });
  }

  const retireOne = (action: RetentionAction, loadedForMs: number): Promise<RetireOutcome> =>
    retireOldest({
      log,
      retention: log.retention,
      dataSource: harness.dataSource,
      rules: { action, loadedForMs },
      stop: new AbortController().signal,
    });

  /** Looks once, as if days were to pass then, and retires up to so many. */
  async function retire(action: RetentionAction, countMax = Infinity): Promise<void> {
    expect(await retireOne(action, DAY_MS)).toEqual({ kind: 'none' });
    let count = 0;
    while (count < countMax && (await retireOne(action, 0)).kind === 'retired') count += 1;
    expect(count).toBeGreaterThan(0);
  }

  /** Gives a work what a tool has, which knows the log by its directory alone. */
  async function asTool<T>(
    hooks: ToolHooks,
    work: (options: Parameters<typeof verifyBalances>[0]) => Promise<T>,
  ): Promise<T> {
    const opened = await openLogBesideOwner(harness.dataDir(), () => log.endOffset());
    try {
      return await work({
        dataSource: harness.dataSource,
        log: new HookedReader(opened.log, hooks),
        dataDir: harness.dataDir(),
        refresh: hooks.refresh ?? ((): Promise<void> => Promise.resolve()),
        onProgress: () => undefined,
      });
    } finally {
      await opened.close();
    }
  }

  const verify = (hooks: ToolHooks): Promise<Verification> => asTool(hooks, verifyBalances);
  const exact = () => ({ kind: 'exact', events: { inLog: events, inTable: events }, users: 7 });

  test.each(['archive', 'delete'] as const)(
    'verify is exact when the share it began at is replaced meanwhile (%s)',
    async (action) => {
      const last = (await segmentStarts(harness.dataDir())).at(-1);
      let retired = 0;
      const beforeRead = async (from: number): Promise<void> => {
        if (from !== last || retired++ > 0) return;
        await retire(action);
      };
      expect(await verify({ beforeRead })).toMatchObject(exact());
      expect(retired).toBe(1);
    },
  );

  test('verify and share begin again when what they were to read is gone', async () => {
    for (const run of ['verify', 'share']) {
      let retired = 0;
      const beforeRead = async (): Promise<void> => {
        if (retired++ === 0) await retire('delete', 3);
      };
      if (run === 'verify') {
        expect(await verify({ beforeRead })).toMatchObject(exact());
      } else {
        const pieces: Buffer[] = [];
        const out = new Writable({
          write: (piece: Buffer, _encoding, done) => {
            pieces.push(piece);
            done();
          },
        });
        const computed = await asTool({ beforeRead }, (options) => computeShare(options, out));
        expect(computed).toMatchObject({ kind: 'written', header: { events, users: 7 } });
        expect(Buffer.concat(pieces).toString().split('\n')).toHaveLength(2 + 7 + 1 + 1);
      }
      expect(retired).toBeGreaterThan(1);
    }
  });

  test('verify takes a new look at the database when segments are gone beyond the first', async () => {
    let looks = 0;
    const refresh = async (): Promise<void> => {
      if (looks++ > 0) return;
      await load();
      await retire('delete');
    };
    expect(await verify({ refresh })).toMatchObject(exact());
    expect(looks).toBe(2);
  });

  test('verify gives up when that happens each time', async () => {
    let looks = 0;
    const refresh = async (): Promise<void> => {
      looks += 1;
      await load();
      await retire('delete');
    };
    await expect(verify({ refresh })).rejects.toMatchObject({ code: 'LOG_MOVED_ON' });
    expect(looks).toBe(3);

    let reads = 0;
    const beforeRead = async (): Promise<void> => {
      if (reads++ > 2) return;
      await retire('delete', 1);
    };
    await load();
    await expect(verify({ beforeRead })).rejects.toMatchObject({ code: 'LOG_MOVED_ON' });
    expect(reads).toBe(3);
  });
});
