import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { toOffset, type Offset, type StagingLogReader } from '../staging-log/staging-log.port.js';
import { openShare, ShareError, type OpenShare } from './share-file.js';

/** Where to begin to read a log: at its start, behind a share, or nowhere. */
export type LogBeginning =
  | { readonly kind: 'start' }
  | { readonly kind: 'share'; readonly share: OpenShare }
  | { readonly kind: 'refused'; readonly code: 'SHARE_MISSING'; readonly message: string };

const SHARE_NAME = /^(\d{20})\.share$/;
/** One that is gone made room for a newer one; a name that leads nowhere is gone each time. */
const LOOKS_MAX = 5;

/**
 * The start of the log as long as it is there: reading it proves more than a share. Else the newest
 * share of this log in its directory that is not beyond `offset`; the caller closes it.
 */
export async function findBeginning(
  log: StagingLogReader,
  dataDir: string | null,
  offset: Offset,
): Promise<LogBeginning> {
  const start = log.startOffset();
  if (start === 0) return { kind: 'start' };
  const directory = dataDir === null ? null : join(dataDir, 'staging');
  const range = { from: start, to: offset };
  let found = directory === null ? NOTHING : await findShare(log, directory, range);
  for (let looks = 1; directory !== null && found.gone && looks < LOOKS_MAX; looks++) {
    found = await findShare(log, directory, range);
  }
  const { share, reasons } = found;
  if (share !== null) return { kind: 'share', share };
  const why = reasons.length === 0 ? '' : ` (${reasons.join('; ')})`;
  const message = `the log begins at offset ${start}, and there is no share file of what was before it${why}; restore it from a backup to ${directory ?? 'the staging directory'}`;
  return { kind: 'refused', code: 'SHARE_MISSING', message };
}

interface Found {
  readonly share: OpenShare | null;
  /** Why others are none. */
  readonly reasons: readonly string[];
  /** Whether none was found, and one that was listed was not there any more. */
  readonly gone: boolean;
}

const NOTHING: Found = { share: null, reasons: [], gone: false };

async function findShare(
  log: StagingLogReader,
  directory: string,
  { from, to }: { readonly from: Offset; readonly to: Offset },
): Promise<Found> {
  const reasons: string[] = [];
  let gone = false;
  for (const candidate of await sharesIn(directory)) {
    if (candidate.offset < from || candidate.offset > to) continue;
    try {
      const judged = await judge(log, candidate);
      if (typeof judged !== 'string') return { ...NOTHING, share: judged };
      reasons.push(judged);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      reasons.push(`${candidate.path} is not there any more`);
      gone = true;
    }
  }
  return { share: null, reasons, gone };
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
async function judge(
  log: StagingLogReader,
  { path, offset }: Candidate,
): Promise<OpenShare | string> {
  let share: OpenShare;
  try {
    share = await openShare(path);
  } catch (error) {
    if (error instanceof ShareError) return error.message;
    throw error;
  }
  const fault = await findFault(log, share, offset).catch(async (error: unknown) => {
    await share.close();
    throw error;
  });
  if (fault === null) return share;
  await share.close();
  return `${path} ${fault}`;
}

async function findFault(
  log: StagingLogReader,
  share: OpenShare,
  offset: Offset,
): Promise<string | null> {
  if (share.identity !== log.identity) return `is of the log ${share.identity}`;
  if (share.offset !== offset) return `is of offset ${share.offset}`;
  const comparison = await log.compare(offset, share.fingerprint);
  // Where the record before it is gone, nothing contradicts it.
  if (comparison === 'same' || comparison === 'trimmed' || comparison === 'damaged') return null;
  return 'was written of other records before its offset';
}
