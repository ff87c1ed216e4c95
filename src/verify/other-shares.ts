import type { LoadedLog } from './loaded-logs.js';
import { openShare, ShareError, type Share } from './share-file.js';

export type OtherShares =
  | { readonly kind: 'complete'; readonly shares: readonly Share[] }
  | { readonly kind: 'refused'; readonly code: OtherSharesCode; readonly message: string };

/**
 * `OTHER_LOGS`: a log feeds the table whose share is not given. `SHARE_INVALID`: a file is no share.
 * `SHARE_UNKNOWN`: a share is of a log that is not one of the others, or the second one of it.
 * `SHARE_NOT_AT_CHECKPOINT`: a share is of another place than the database has loaded its log up to.
 */
export type OtherSharesCode =
  'OTHER_LOGS' | 'SHARE_INVALID' | 'SHARE_UNKNOWN' | 'SHARE_NOT_AT_CHECKPOINT';

const AGAIN = 'write it again with `npm run log -- share` beside that log';

/** The shares of all other logs that feed the table, each up to where the database has loaded it. */
export async function openOtherShares(
  others: readonly LoadedLog[],
  paths: readonly string[],
): Promise<OtherShares> {
  const missing = new Map(others.map((log) => [log.identity, log]));
  const shares: Share[] = [];
  for (const path of paths) {
    const share = await openShare(path).catch(asRefusal);
    if ('kind' in share) return share;
    const log = missing.get(share.identity);
    if (log === undefined) return refuse('SHARE_UNKNOWN', unknownLog(path, share, others));
    if (share.offset !== log.offset || share.fingerprint !== log.fingerprint) {
      return refuse('SHARE_NOT_AT_CHECKPOINT', elsewhere(path, share, log));
    }
    missing.delete(share.identity);
    shares.push(share);
  }
  if (missing.size === 0) return { kind: 'complete', shares };
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

function asRefusal(error: unknown): Refusal {
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
