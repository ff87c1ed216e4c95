import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { readdir } from 'node:fs/promises';
import { appConfig } from '../shared/config/config.js';
import { verifyLog, type FindingListener, type LogAsItIs } from '../staging-log/log-tools.port.js';
import { openShare, ShareError } from '../verify/verify.port.js';
import { parseOptions } from './log-arguments.js';
import { Progress } from './progress.js';
import { withLog } from './workspace.js';

type Verified = Awaited<ReturnType<typeof verifyLog>>;

const SHARE = /^(\d{20})\.share$/;

/** 0: sound; 1: damage. */
export async function verify(args: readonly string[]): Promise<number> {
  const { log: directory } = parseOptions(args, { log: { type: 'string' } });
  return withLog(appConfig.dataDir, directory ?? null, verifyOpened);
}

/** The same for a log that is open. */
export async function verifyOpened(opened: LogAsItIs): Promise<number> {
  const progress = new Progress('verify');
  const onFinding: FindingListener = ({ kind, message }) => {
    progress.clear();
    process.stdout.write(`${kind}: ${message}\n`);
  };
  const verifyAll = async (): Promise<Verified> => {
    const verified = await verifyLog(opened, { onFinding, onProgress: progress.report });
    return { ...verified, damages: verified.damages + (await verifyShares(opened, onFinding)) };
  };
  const verified = await verifyAll().finally(() => {
    progress.end();
  });
  tellUnfinishedEpoch(opened, onFinding);
  const { identity, start, end, segments, unprovedBytes, damages, damagedBytes } = verified;
  const proved = end - start - unprovedBytes;
  const what = `${segments} segments, offsets ${start} to ${end} of the log ${identity}`;
  const kinds = `${proved} bytes have checksums, ${unprovedBytes} have none and are whole lines`;
  const verdict =
    damages === 0
      ? `sound: ${what}; ${kinds}`
      : `damaged: ${damages} findings, ${damagedBytes} bytes cannot be read; ${what}`;
  process.stdout.write(`${verdict}\n`);
  return damages === 0 ? 0 : 1;
}

/**
 * Answers with how many are damaged. One that retention has removed since is not.
 * @throws other errors of the system: they are no judgement on a share.
 */
async function verifyShares({ log, directory }: LogAsItIs, tell: FindingListener): Promise<number> {
  let damages = 0;
  for (const name of (await readdir(directory)).sort()) {
    const offset = SHARE.exec(name)?.[1];
    if (offset === undefined) continue;
    const path = join(directory, name);
    const message = await findShareFault(path, { identity: log.identity, offset: Number(offset) });
    if (message === null) continue;
    damages += 1;
    tell({ kind: 'damage', message });
  }
  return damages;
}

async function findShareFault(
  path: string,
  expected: { readonly identity: string; readonly offset: number },
): Promise<string | null> {
  try {
    const share = await openShare(path);
    await share.close();
    const { identity, offset } = share;
    if (identity === expected.identity && offset === expected.offset) return null;
    return `${path} is of the log ${identity} up to offset ${offset}, and not what its name says`;
  } catch (error) {
    if (error instanceof ShareError) return error.message;
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

function tellUnfinishedEpoch({ directory }: LogAsItIs, tell: FindingListener): void {
  const unfinished = join(dirname(directory), 'staging.new');
  if (!existsSync(unfinished) || directory === unfinished) return;
  const message = `${unfinished} is of a new-epoch that was cut off: call it again, or remove it`;
  tell({ kind: 'note', message });
}
