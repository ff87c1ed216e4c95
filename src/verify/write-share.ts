import { once } from 'node:events';
import type { Writable } from 'node:stream';
import { crc32 } from 'node:zlib';
import {
  START_OF_LOG,
  type Offset,
  type StagingLogReader,
} from '../staging-log/staging-log.port.js';
import { mergeHours } from './hour-sums.js';
import { mergeSums } from './merge-sums.js';
import {
  CRC_LINE,
  encodeHours,
  SHARE_VERSION,
  type Share,
  type ShareHeader,
} from './share-file.js';
import { sumLog, type LogPart } from './sum-log.js';
import { encodeSums } from './sum-lines.js';
import type { SortedSums } from './user-sum.js';
import { UserSums } from './user-sums.js';

export interface ShareToWrite {
  readonly log: StagingLogReader;
  /** A share of this log to go on from, or null: from the start of the log. */
  readonly from: Share | null;
  /** A record's end. */
  readonly to: Offset;
  readonly quarantined: LogPart['quarantined'];
  readonly resubmitted: LogPart['resubmitted'];
  readonly usersMax?: number;
  readonly onProgress?: (done: number) => void;
}

const USERS_MAX = 100_000;

/**
 * Writes the share of a log up to an offset to a file, durably: `replace` must leave the old file or the
 * new one, whatever happens. Its memory does not depend on the number of users or events.
 *
 * A share of a range that is quarantined is without it for good, so whoever deletes records must not do
 * so while one of them is quarantined.
 * @throws LogDamagedError when something cannot be read that was loaded; then there is no new file.
 */
export async function writeShareFile(
  share: ShareToWrite,
  path: string,
  replace: (path: string, pieces: AsyncIterable<Buffer>) => Promise<void>,
): Promise<void> {
  const fingerprint = await share.log.fingerprintBefore(share.to);
  await withShare({ ...share, fingerprint }, (_header, pieces) => replace(path, pieces));
}

/** The same to a stream, which stays open. Nothing is written before all was read. */
export async function writeShare(
  share: ShareToWrite & { readonly fingerprint: string },
  out: Writable,
): Promise<ShareHeader> {
  return withShare(share, async (header, pieces) => {
    for await (const piece of pieces) if (!out.write(piece)) await once(out, 'drain');
    return header;
  });
}

async function withShare<T>(
  share: ShareToWrite & { readonly fingerprint: string },
  write: (header: ShareHeader, pieces: AsyncGenerator<Buffer>) => Promise<T>,
): Promise<T> {
  const { log, from, to, fingerprint, quarantined, resubmitted } = share;
  const sums = new UserSums(share.usersMax ?? USERS_MAX);
  try {
    const part = { log, from: from?.offset ?? START_OF_LOG, to, quarantined, resubmitted };
    const added = await sumLog(sums, part, share.onProgress ?? ((): void => undefined));
    const sources = [...(from === null ? [] : [from]), ...sums.sources()];
    const merged = mergeSums(sources.map((source) => source.sums));
    const hourSums = mergeHours([...(from === null ? [] : [from.hourSums]), added.hourSums]);
    const hours = encodeHours(hourSums);
    const header: ShareHeader = {
      version: SHARE_VERSION,
      identity: log.identity,
      offset: to,
      fingerprint,
      events: (from?.events ?? 0) + added.events,
      deadLetters: (from?.deadLetters ?? 0) + added.deadLetters,
      users: await countUsers(merged),
      hours: hourSums.size,
      hoursBytes: hours.length,
    };
    const first = Buffer.from(`${JSON.stringify(header)}\n`);
    return await write(header, encodeShare(Buffer.concat([first, hours]), merged));
  } finally {
    await sums.dispose();
  }
}

async function countUsers(sums: SortedSums): Promise<number> {
  let users = 0;
  for await (const page of sums()) users += page.length;
  return users;
}

/** @param first the lines before those of the users */
async function* encodeShare(first: Buffer, sums: SortedSums): AsyncGenerator<Buffer> {
  let crc = crc32(first);
  yield first;
  for await (const piece of encodeSums(sums)) {
    crc = crc32(piece, crc);
    yield piece;
  }
  yield Buffer.from(CRC_LINE(crc));
}
