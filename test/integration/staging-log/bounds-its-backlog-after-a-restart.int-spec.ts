import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CheckpointMirror } from '../../../src/processor/processor.port.js';
import type { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { START_OF_LOG, toOffset, type Offset } from '../../../src/staging-log/staging-log.port.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import type { StagingLogWorkbench } from '../../support/staging-log-workbench.js';
import { appendNumbers, createBench, DAY_MS, loadAll } from './archives-support.js';

/** Less than ten records. */
const BOUND = { backlogBytesMax: 300 };

describe('a log that was opened anew, before anybody tells it how far it is loaded', () => {
  let bench: StagingLogWorkbench;
  let path: string;
  let log: LocalStagingLog;
  let loaded: Offset;
  let end: Offset;
  beforeEach(async () => {
    bench = await createBench();
    path = join(bench.dataDir, 'checkpoint.json');
    log = await bench.open();
    await appendNumbers(log, bench, [0, 20]);
    loaded = log.endOffset();
    await appendNumbers(log, bench, [20, 30]);
    end = log.endOffset();
    expect(end - loaded).toBeGreaterThan(BOUND.backlogBytesMax);
  });
  afterEach(() => bench.remove());

  /** Opens it anew, with the file that a processor leaves. */
  async function reopenShowing(offset: Offset, logId = log.identity): Promise<void> {
    const place = { offset, fingerprint: '', timestamp: null, events: 0 };
    await new CheckpointMirror(bench.dataDir, logId).show(place);
    await reopen();
  }
  async function reopen(): Promise<void> {
    await log.close();
    log = await bench.open(BOUND);
  }

  const expectFull = async (): Promise<void> => {
    expect(await log.append([record(30)])).toMatchObject({ code: 'BACKLOG_FULL' });
    expect(log.health()).toMatchObject({ kind: 'refusing', code: 'BACKLOG_FULL' });
  };

  it('keeps the bound of the backlog by checkpoint.json, until it is told', async () => {
    await reopenShowing(loaded);
    await expectFull();
    await reopen();
    await expectFull();
    log.noteLoaded(end);
    await appendAll(log, record(30));
    log.noteLoaded(loaded);
    expect(log.health()).toMatchObject({ code: 'BACKLOG_FULL' });
  });

  it('takes as much as the bound allows behind what was loaded', async () => {
    await reopenShowing(end);
    for (let n = 30; log.health().kind === 'accepting'; n++) await appendAll(log, record(n));
    expect(log.endOffset() - end).toBeGreaterThan(BOUND.backlogBytesMax);
    await expectFull();
  });

  it('takes no word for it that is beyond its end, as where it is an older copy', async () => {
    await reopenShowing(toOffset(end + 1_000_000));
    for (let n = 30; log.endOffset() - end <= BOUND.backlogBytesMax; n++) {
      await appendAll(log, record(n));
    }
    await expectFull();
  });

  it.each([
    ['is missing', null],
    ['is torn', '{"logId":"'],
    ['is nothing', 'null'],
    ['has no offset', '{"logId":"ID"}'],
    ['has what is no offset', '{"logId":"ID","offset":"0"}'],
    ['is of another log', '{"logId":"00000000-0000-4000-8000-000000000000","offset":0}'],
  ])('knows of no backlog when the file %s', async (_what, text) => {
    if (text !== null) await writeFile(path, text.replace('ID', log.identity));
    await reopen();
    await appendAll(log, record(30));
    log.noteLoaded(START_OF_LOG);
    await expectFull();
  });

  it('retires nothing by it', async () => {
    await reopenShowing(end);
    const look = { action: 'archive', loadedForMs: DAY_MS } as const;
    expect(await log.retention.findRetirable(look)).toBeNull();
    bench.passTime(2 * DAY_MS);
    expect(await log.retention.findRetirable(look)).toBeNull();
    await loadAll(log, bench); // marks it, and two days pass
    expect(await log.retention.findRetirable(look)).toMatchObject({ first: 0 });
  });
});
