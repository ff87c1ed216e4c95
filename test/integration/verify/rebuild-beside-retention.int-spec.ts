import { readFile } from 'node:fs/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { retireOldest } from '../../../src/retention/retire-oldest.js';
import { encodeEventPayload } from '../../../src/shared/event/event-codec.js';
import { correctionId } from '../../../src/shared/event/reserved-id.js';
import { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import type { RetentionAction } from '../../../src/staging-log/log-retention.port.js';
import { eventually } from '../../support/eventually.js';
import { segmentAt, segmentStarts } from '../processor/break-files.js';
import { HookedReader } from '../processor/hooked-reader.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { ShareHarness } from './share-harness.js';

const OTHER = '22222222-2222-4222-8222-222222222222';
const DAY_MS = 86_400_000;

describe.each<RetentionAction>(['archive', 'delete'])(
  'rebuild counts what retention retires (%s)',
  (action) => {
    let harness: LoadHarness;
    let shares: ShareHarness;
    let log: LocalStagingLog;
    let balances: Record<string, string>;
    beforeAll(async () => void (harness = await LoadHarness.create()));
    beforeEach(async () => {
      await harness.reset();
      shares = new ShareHarness(harness);
      log = await openForgetful();
      for (let i = 0; i < 40; i++) {
        const id = correctionId({ logId: OTHER, offset: i });
        const payload = encodeEventPayload({ userId: 'fixed', name: 'add_revenue', value: 1 });
        if (i % 10 === 0) expect((await log.append([{ id, payload }])).kind).toBe('durable');
        await append(log, [`user-${i % 7}`, i + 0.25]);
      }
      const processor = harness.processor(log, {
        dataDir: harness.dataDir(),
        onCheckpoint: ({ offset }) => {
          log.noteLoaded(offset);
        },
      });
      await processor.runOnce();
      // Of the corrections, the first one alone counts: so what the load did to others is put right.
      await query('truncate resubmissions');
      await query(
        `insert into resubmissions (log_id, "offset", event, loaded_log_id, loaded_offset, loaded_at)
         values ($1, 0, '', $2, 0, now())`,
        [OTHER, log.identity],
      );
      await shares.rebuild(log, { dataDir: harness.dataDir() });
      balances = await harness.balances();
      expect(balances).toMatchObject({ fixed: '1' });
      await eventually(async () => {
        const newest = (await segmentStarts(harness.dataDir())).at(-2) ?? 0;
        const sums = segmentAt(harness.dataDir(), newest).replace(/jsonl$/, 'sums');
        return (await readFile(sums, 'latin1').catch(() => '')).includes('sealed');
      });
      expect(await retire(DAY_MS)).toBe('none');
    });

    afterEach(() => log.close());
    afterAll(() => harness.remove());

    const query = (sql: string, parameters: unknown[] = []): Promise<unknown> =>
      harness.dataSource.query(sql, parameters);

    /** Remembers one id: segments with others may go. */
    const openForgetful = (): Promise<LocalStagingLog> =>
      LocalStagingLog.open({
        ...{ dataDir: harness.dataDir(), segmentBytesMax: 400 },
        ...{ dedupeIdsMax: 1, dedupeWindowSeconds: 1, appendQueueBytesMax: 1024 ** 3 },
        ...{ backlogBytesMax: 0, diskFreeBytesMin: 0, report: () => undefined },
      });

    const retire = async (loadedForMs: number): Promise<string> => {
      const { kind } = await retireOldest({
        ...{ log, retention: log.retention, dataSource: harness.dataSource },
        rules: { action, loadedForMs },
        stop: new AbortController().signal,
      });
      return kind;
    };

    async function expectRebuilt(reader = new HookedReader(log, {})): Promise<void> {
      await query('truncate users_revenue');
      const options = { dataDir: harness.dataDir() };
      expect(await shares.rebuild(reader, options)).toMatchObject({
        ...{ kind: 'rebuilt', inserted: 8 },
        events: { inLog: 41, inTable: 41 },
      });
      expect(await harness.balances()).toEqual(balances);
      expect(await shares.verify(log, options)).toMatchObject({ kind: 'exact' });
    }

    test('before', async () => {
      const before = (await segmentStarts(harness.dataDir())).length;
      while ((await retire(0)) === 'retired');
      expect((await segmentStarts(harness.dataDir())).length).toBeLessThan(before);
      await expectRebuilt();
    });

    test('meanwhile', async () => {
      let retired = 0;
      const beforeRead = async (): Promise<void> => {
        if (retired > 0) return;
        while ((await retire(0)) === 'retired') retired += 1;
      };
      await expectRebuilt(new HookedReader(log, { beforeRead }));
      expect(retired).toBeGreaterThan(0);
    });
  },
);
