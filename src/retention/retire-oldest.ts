import type { DataSource } from 'typeorm';
import {
  lockQuarantined,
  readQuarantined,
  readResubmitted,
} from '../dead-letters/dead-letters.port.js';
import { readCheckpoint } from '../processor/processor.port.js';
import type {
  LogRetention,
  RetentionRules,
  RetirableSegment,
} from '../staging-log/log-retention.port.js';
import {
  START_OF_LOG,
  type Offset,
  type StagingLogReader,
} from '../staging-log/staging-log.port.js';
import { openShare, writeShareFile, type OpenShare } from '../verify/verify.port.js';

/** `none`: nothing is due. `kept`: the oldest segment is, but a range in it waits for somebody. */
export type RetireOutcome =
  | { readonly kind: 'retired'; readonly segment: RetirableSegment }
  | { readonly kind: 'none' }
  | { readonly kind: 'kept'; readonly message: string };

export interface RetireOptions {
  readonly log: StagingLogReader;
  readonly retention: LogRetention;
  readonly dataSource: DataSource;
  readonly rules: RetentionRules;
  /** Aborted when the work is to end soon: then it throws, and is done again another time. */
  readonly stop: AbortSignal;
}

/**
 * Retires the oldest segment of the log, if it is due: its share is written, then it is archived or deleted.
 * Asks the database itself whether it has loaded the segment, since a restored one may not have.
 * @throws errors of the disk and of the database, LogDamagedError; then the segment can be read as before.
 */
export async function retireOldest(options: RetireOptions): Promise<RetireOutcome> {
  const { log, retention, dataSource, rules } = options;
  const segment = await retention.findRetirable(rules);
  if (segment === null) return { kind: 'none' };
  const { first, end } = segment;
  const where = `the segment at offset ${first}`;
  const open = await lockQuarantined(dataSource.manager, log.identity, { from: first, to: end });
  const [range] = open;
  if (range !== undefined) {
    const message = `${where} is kept: its range ${range.from} to ${range.to} is quarantined, and may be restored and reloaded`;
    return { kind: 'kept', message };
  }
  const loaded = await loadedEnd(options);
  if (loaded <= end) return { kind: 'none' };
  const share = await provideShare(options, end, loaded);
  if ((await loadedEnd(options)) <= end) return { kind: 'none' };
  const retired = await retention.retire(segment, { action: rules.action, share });
  return retired ? { kind: 'retired', segment } : { kind: 'none' };
}

async function loadedEnd({ log, dataSource }: RetireOptions): Promise<Offset> {
  return (await readCheckpoint(dataSource.manager, log.identity)).offset;
}

/**
 * Sees to it that there is a sound share file of all before `end`, or of more, but of nothing that is not
 * loaded. An older one saves reading what it holds.
 */
async function provideShare(options: RetireOptions, end: Offset, loaded: Offset): Promise<Offset> {
  const { log, retention, dataSource, stop } = options;
  const from = await newestShare(options, loaded);
  try {
    if (from !== null && from.offset >= end) return from.offset;
    // At one moment: a reload takes a range out of the one and may put a correction into the other.
    const counted = await dataSource.transaction('REPEATABLE READ', async (manager) => ({
      quarantined: await readQuarantined(manager, log.identity),
      resubmitted: await readResubmitted(manager, log.identity),
    }));
    const share = {
      ...{ log, from, to: end, ...counted },
      onProgress: (): void => {
        stop.throwIfAborted();
      },
    };
    await retention.putShare(end, (path, replace) => writeShareFile(share, path, replace));
    return end;
  } finally {
    await from?.close();
  }
}

/**
 * The newest one that can be used; the caller closes it. Null: all of the log is to be read, from its start.
 * @throws when the log has no start any more, and there is no share that stands for it.
 */
async function newestShare(
  { log, retention, stop }: RetireOptions,
  loaded: Offset,
): Promise<OpenShare | null> {
  const start = log.startOffset();
  let problem = '';
  for (const { path, offset } of await retention.shares()) {
    stop.throwIfAborted();
    if (offset > loaded || offset < start) continue;
    const share = await openShare(path).catch((error: unknown) => {
      problem = `; ${String(error)}`;
      return null;
    });
    if (share === null) continue;
    let isUsable = false;
    try {
      isUsable = await isOf(log, share, offset);
      if (isUsable) return share;
    } finally {
      if (!isUsable) await share.close();
    }
  }
  if (start === START_OF_LOG) return null;
  throw new Error(`no share file tells what was before ${start}, where the log begins${problem}`);
}

/** Where the record before it is gone, nothing contradicts it. */
async function isOf(log: StagingLogReader, share: OpenShare, offset: Offset): Promise<boolean> {
  if (share.identity !== log.identity || share.offset !== offset) return false;
  const comparison = await log.compare(offset, share.fingerprint);
  return comparison === 'same' || comparison === 'trimmed' || comparison === 'damaged';
}
