import type { LoadedLog } from './loaded-logs.js';
import { openShare, ShareError, type OpenShare, type Share } from './share-file.js';

export type OtherShares =
  | { readonly kind: 'complete'; readonly shares: readonly OpenShare[] }
  | { readonly kind: 'refused'; readonly code: OtherSharesCode; readonly message: string };

/**
 * `OTHER_LOGS`: a log feeds the table whose share is not given. `SHARE_INVALID`: a file is no share.
 * `SHARE_UNKNOWN`: a share is of a log that is not one of the others, or the second one of it.
 * `SHARE_NOT_AT_CHECKPOINT`: a share is of another place than the database has loaded its log up to.
 */
export type OtherSharesCode =
  'OTHER_LOGS' | 'SHARE_INVALID' | 'SHARE_UNKNOWN' | 'SHARE_NOT_AT_CHECKPOINT';

const AGAIN = 'write it again with `npm run log -- share` beside that log';

/**
 * The shares of all other logs that feed the table, each up to where the database has loaded it. The caller
 * closes them; where it is refused, none is open.
 * @throws errors of the system, but for a path that leads nowhere.
 */
export async function openOtherShares(
  others: readonly LoadedLog[],
  paths: readonly string[],
): Promise<OtherShares> {
  const shares: OpenShare[] = [];
  let complete = false;
  try {
    const refusal = await openAll(others, paths, shares);
    complete = refusal === null;
    return refusal ?? { kind: 'complete', shares };
  } finally {
    if (!complete) await closeShares(shares);
  }
}

export async function closeShares(shares: readonly OpenShare[]): Promise<void> {
  for (const share of shares) await share.close();
}

/** @param shares gets each one that was opened, usable or not */
async function openAll(
  others: readonly LoadedLog[],
  paths: readonly string[],
  shares: OpenShare[],
): Promise<Refusal | null> {
  const missing = new Map(others.map((log) => [log.identity, log]));
  for (const path of paths) {
    const share = await openShare(path).catch((error: unknown) => asRefusal(error, path));
    if ('kind' in share) return share;
    shares.push(share);
    const log = missing.get(share.identity);
    if (log === undefined) return refuse('SHARE_UNKNOWN', unknownLog(path, share, others));
    if (share.offset !== log.offset || share.fingerprint !== log.fingerprint) {
      return refuse('SHARE_NOT_AT_CHECKPOINT', elsewhere(path, share, log));
    }
    missing.delete(share.identity);
  }
  if (missing.size === 0) return null;
  const names = Array.from(missing.keys()).join(', ');
  const message = `the table is fed by other logs as well (${names}): what each contributed is not known here, so nothing can be said of the sums; write the share of each with \`npm run log -- share\` beside it, and name the files with --share`;
  return refuse('OTHER_LOGS', message);
}

type Refusal = Extract<OtherShares, { kind: 'refused' }>;

const refuse = (code: OtherSharesCode, message: string): Refusal => ({
  kind: 'refused',
  code,
  message,
});

/** Whoever gave the path may have mistyped it. */
function asRefusal(error: unknown, path: string): Refusal {
  if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
    return refuse('SHARE_INVALID', `there is no file ${path}`);
  }
  if (error instanceof ShareError) return refuse(error.code, error.message);
  throw error;
}

function unknownLog(path: string, { identity }: Share, others: readonly LoadedLog[]): string {
  if (others.some((log) => log.identity === identity)) {
    return `${path} is a second share of the log ${identity}; give one of each log`;
  }
  return `${path} is a share of the log ${identity}, which is not one of the other logs that feed this table`;
}

function elsewhere(path: string, share: Share, { identity, offset }: LoadedLog): string {
  if (share.offset === offset) {
    return `${path} was written of other records of the log ${identity} before offset ${offset} than the database has loaded; ${AGAIN}`;
  }
  return `${path} is the share of the log ${identity} up to offset ${share.offset}, and the database has loaded that log up to ${offset}; ${AGAIN}`;
}
