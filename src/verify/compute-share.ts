import type { Writable } from 'node:stream';
import type { DataSource } from 'typeorm';
import { inSnapshot } from './in-snapshot.js';
import { findLoadedPart, type OwnLog, type Refused } from './loaded-part.js';
import type { ShareHeader } from './share-file.js';
import { untilLogStays } from './until-log-stays.js';
import { writeShare } from './write-share.js';

export interface ShareOptions extends OwnLog {
  readonly dataSource: DataSource;
  readonly onProgress: (done: number, total: number) => void;
}

export type ComputedShare = { readonly kind: 'written'; readonly header: ShareHeader } | Refused;

/**
 * Writes the share of this log up to its checkpoint, as the database has it at one moment, to a stream,
 * which stays open. Where it is refused, nothing was written.
 * @throws errors of the database, of reading, and of the stream; LogMovedOnError as `verifyBalances`.
 */
export async function computeShare(options: ShareOptions, out: Writable): Promise<ComputedShare> {
  return untilLogStays(() => computeOnce(options, out));
}

async function computeOnce(options: ShareOptions, out: Writable): Promise<ComputedShare> {
  const { dataSource, log, onProgress } = options;
  const part = await inSnapshot(dataSource, (manager) => findLoadedPart(manager, options));
  if (part.kind === 'refused') return part;
  const { checkpoint, quarantined, resubmitted, from } = part;
  const { offset: to, fingerprint } = checkpoint;
  const share = {
    ...{ log, from, to, fingerprint, quarantined, resubmitted },
    onProgress: (done: number): void => {
      onProgress(done, to);
    },
  };
  try {
    return { kind: 'written', header: await writeShare(share, out) };
  } finally {
    await from?.close();
  }
}
