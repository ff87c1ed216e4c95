import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toOffset, type Offset, type StagingLogReader } from '../staging-log/staging-log.port.js';
import { openShare, ShareError, type Share } from './share-file.js';

/** Where to begin to read a log: at its start, behind a share, or nowhere. */
export type LogBeginning =
  | { readonly kind: 'start' }
  | { readonly kind: 'share'; readonly share: Share }
  | { readonly kind: 'refused'; readonly code: 'SHARE_MISSING'; readonly message: string };

const SHARE_NAME = /^(\d{20})\.share$/;

/**
 * The start of the log as long as it is there: reading it proves more than a share. Else the newest
 * share of this log in its directory that is not beyond `offset`.
 */
export async function findBeginning(
  log: StagingLogReader,
  dataDir: string | null,
  offset: Offset,
): Promise<LogBeginning> {
  const start = log.startOffset();
  if (start === 0) return { kind: 'start' };
  const directory = dataDir === null ? null : join(dataDir, 'staging');
  const reasons: string[] = [];
  for (const candidate of directory === null ? [] : await sharesIn(directory)) {
    if (candidate.offset < start || candidate.offset > offset) continue;
    const judged = await judge(log, candidate);
    if (typeof judged !== 'string') return { kind: 'share', share: judged };
    reasons.push(judged);
  }
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  const message = `the log begins at offset ${start}, and there is no share file of what was before it${why}; restore it from a backup to ${directory ?? 'the staging directory'}`;
  return { kind: 'refused', code: 'SHARE_MISSING', message };
}

interface Candidate {
  readonly path: string;
  readonly offset: Offset;
}

/** Newest first. */
async function sharesIn(directory: string): Promise<Candidate[]> {
  const names = (await readdir(directory)).sort().reverse();
  return names.flatMap((name) => {
    const [, digits] = SHARE_NAME.exec(name) ?? [];
    return digits === undefined ? [] : { path: join(directory, name), offset: toOffset(digits) };
  });
}

/** The share, or why it is none of this log. */
async function judge(log: StagingLogReader, { path, offset }: Candidate): Promise<Share | string> {
  try {
    const share = await openShare(path);
    if (share.identity !== log.identity) return `${path} is of the log ${share.identity}`;
    if (share.offset !== offset) return `${path} is of offset ${share.offset}`;
    const comparison = await log.compare(offset, share.fingerprint);
    // Where the record before it is gone, nothing contradicts it.
    if (comparison === 'same' || comparison === 'trimmed' || comparison === 'damaged') return share;
    return `${path} was written of other records before its offset`;
  } catch (error) {
    if (error instanceof ShareError) return error.message;
    throw error;
  }
}
