import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { AppConfig } from '../../../src/shared/config/app-config.js';
import { DataDirectoryOwner } from '../../../src/shared/data-directory/data-directory-owner.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { beginNewEpoch } from '../../../src/staging-log/log-tools.port.js';
import { withLog, withWorkspace, type Workspace } from '../../../src/tools/workspace.js';
import { append, LoadHarness } from '../processor/load-harness.js';

describe('a tool beside the owner of a log', () => {
  let harness: LoadHarness;
  let log: LocalStagingLog;
  let owner: DataDirectoryOwner;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(async () => {
    await harness.reset();
    await own();
  });
  afterEach(() => owner.release());
  afterAll(() => harness.remove());

  /** As the application does when it starts. Each append is a segment, and so a batch. */
  async function own(): Promise<void> {
    log = await harness.openLog('data', { segmentBytesMax: 1 });
    owner = await DataDirectoryOwner.acquire(harness.dataDir());
    const { url: databaseUrl } = harness.database;
    const [{ identity: logIdentity }, opened] = [log, log];
    owner.tell(() => ({ logIdentity, endOffset: opened.endOffset(), databaseUrl }));
  }

  /** The owner is stopped, puts another log in place, and is started with it. */
  async function replaceLog(): Promise<void> {
    await log.close();
    await owner.release();
    const begun = await beginNewEpoch({
      ...{ dataDir: harness.dataDir(), carryFrom: null, reason: 'a test' },
      ...{ segmentBytesMax: 1_000_000, dedupeIdsMax: 1_000, dedupeWindowSeconds: 60 },
      report: () => undefined,
    });
    expect(begun.kind).toBe('begun');
    await own();
  }

  const config = (): AppConfig => ({ dataDir: harness.dataDir() }) as AppConfig;

  const loadAll = ({ log: read, dataSource, refresh }: Workspace, onLoad: () => void) =>
    harness
      .processor(read, { dataSource, refresh, onLoad, bounds: { usersMax: 1, readMsMax: 60_000 } })
      .runOnce();

  test('loads what comes', async () => {
    await append(log, ['a', 1], ['b', 2]);
    const outcome = await withWorkspace(config(), (workspace) =>
      loadAll(workspace, () => undefined),
    );
    expect(outcome).toEqual({ kind: 'caught-up' });
    expect(await harness.balances()).toEqual({ a: '1', b: '2' });
  });

  test('ends when another log takes its place between two batches, and loads nothing of that', async () => {
    for (const user of ['a', 'b', 'c']) await append(log, [user, 1]);
    const before = log.identity;
    const working = withWorkspace(config(), async (workspace) => {
      let replaced = false;
      const refresh = async (): Promise<void> => {
        if (harness.reports.length > 0 && !replaced) {
          replaced = true;
          await replaceLog();
          for (const user of ['x', 'y', 'z']) await append(log, [user, 1]);
        }
        await workspace.refresh();
      };
      const onLoad = (): void => void harness.reports.push({} as never);
      await loadAll({ ...workspace, refresh }, onLoad);
    });
    await expect(working).rejects.toMatchObject({
      code: 'LOG_REPLACED',
      message: expect.stringContaining(`${before} when this began`),
    });
    expect(await harness.balances()).toEqual({ a: '1' });
  });

  test('ends when it is to look at the new log as at the old one', async () => {
    const looking = withLog(harness.dataDir(), null, async (_opened, refresh) => {
      await refresh();
      await replaceLog();
      await refresh();
    });
    await expect(looking).rejects.toMatchObject({ code: 'LOG_REPLACED' });
  });
});
