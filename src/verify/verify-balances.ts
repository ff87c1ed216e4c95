import type { DataSource, EntityManager } from 'typeorm';
import { proveCheckpoint, readCheckpoint } from '../processor/processor.port.js';
import type { StagingLogReader } from '../staging-log/staging-log.port.js';
import { millionths } from './decimal-millionths.js';
import { recomputeShare, type Share } from './recompute-share.js';

/** A user whose balance is not what the log says; null where one of the two has no such user. */
export interface Difference {
  readonly userId: string;
  readonly inLog: string | null;
  readonly inTable: string | null;
}

export type Verification =
  | {
      readonly kind: 'exact' | 'drift';
      readonly offset: number;
      readonly events: number;
      readonly users: number;
      /** The first 100, in the order of user ids. */
      readonly differences: readonly Difference[];
      readonly differencesTotal: number;
      readonly deadLetters: { readonly inLog: number; readonly inTable: number };
    }
  | { readonly kind: 'refused'; readonly code: string; readonly message: string };

export interface VerifyOptions {
  readonly dataSource: DataSource;
  readonly log: StagingLogReader;
  /** Makes the log's end at least as new as the snapshot that was just taken. */
  readonly refresh: () => Promise<void>;
  readonly onProgress: (done: number, total: number) => void;
}

const PAGE_ROWS = 10_000;
const DIFFERENCES_MAX = 100;

/**
 * Recomputes what this log contributed up to its checkpoint, and compares it with the table: every
 * user, exactly, in both directions. Table and checkpoint are read in one REPEATABLE READ snapshot,
 * so loads may go on meanwhile without being waited for or waiting.
 */
export async function verifyBalances(options: VerifyOptions): Promise<Verification> {
  const runner = options.dataSource.createQueryRunner();
  try {
    await runner.connect();
    await runner.startTransaction('REPEATABLE READ');
    const verification = await verifySnapshot(runner.manager, options);
    await runner.commitTransaction();
    return verification;
  } finally {
    if (runner.isTransactionActive) await runner.rollbackTransaction().catch(() => undefined);
    await runner.release();
  }
}

async function verifySnapshot(
  manager: EntityManager,
  { log, refresh, onProgress }: VerifyOptions,
): Promise<Verification> {
  const others = await otherLogs(manager, log.identity);
  if (others.length > 0) {
    const message = `the table is fed by other logs as well (${others.join(', ')}): what each contributed is not known here, so nothing can be said of the sums`;
    return { kind: 'refused', code: 'OTHER_LOGS', message };
  }
  const checkpoint = await readCheckpoint(manager, log.identity);
  await refresh();
  const proof = await proveCheckpoint(log, checkpoint);
  if (proof.kind === 'wrong-log') return { ...proof, kind: 'refused' };
  const share = await recomputeShare(log, checkpoint.offset, (done) => {
    onProgress(done, checkpoint.offset);
  });
  const { events, unusable } = share;
  const users = share.users.size;
  const { differences, total } = await compareWithTable(manager, share);
  const deadLetters = { inLog: unusable, inTable: await countDeadLetters(manager, log.identity) };
  const same = total === 0 && deadLetters.inLog === deadLetters.inTable;
  return {
    kind: same && events === checkpoint.events ? 'exact' : 'drift',
    offset: checkpoint.offset,
    events,
    users,
    differences,
    differencesTotal: total,
    deadLetters,
  };
}

async function otherLogs(manager: EntityManager, logId: string): Promise<string[]> {
  const rows: { log_id: string }[] = await manager.query(
    'select log_id from load_checkpoint where log_id <> $1 order by log_id',
    [logId],
  );
  return rows.map(({ log_id }) => log_id);
}

async function countDeadLetters(manager: EntityManager, logId: string): Promise<number> {
  const rows: { count: string }[] = await manager.query(
    'select count(*) as count from dead_letters where log_id = $1',
    [logId],
  );
  return Number(rows[0]?.count);
}

/** Takes each user that the table has out of the share; what is left then is not in the table. */
async function compareWithTable(
  manager: EntityManager,
  { users }: Share,
): Promise<{ differences: Difference[]; total: number }> {
  const differences: Difference[] = [];
  let total = 0;
  const differ = (difference: Difference): void => {
    total += 1;
    if (differences.length < DIFFERENCES_MAX) differences.push(difference);
  };
  for await (const { user_id: userId, revenue } of tableRows(manager)) {
    const sum = users.get(userId) ?? null;
    users.delete(userId);
    if (sum !== null && millionths(revenue) === sum) continue;
    differ({ userId, inLog: sum === null ? null : decimal(sum), inTable: revenue });
  }
  for (const [userId, sum] of users) differ({ userId, inLog: decimal(sum), inTable: null });
  return { differences, total };
}

interface TableRow {
  readonly user_id: string;
  readonly revenue: string;
}

async function* tableRows(manager: EntityManager): AsyncGenerator<TableRow> {
  for (let after: string | null = null; ;) {
    const rows: TableRow[] = await manager.query(
      `select user_id, trim_scale(revenue)::text as revenue from users_revenue
        where $1::text is null or user_id > $1 order by user_id limit ${PAGE_ROWS}`,
      [after],
    );
    yield* rows;
    after = rows.at(-1)?.user_id ?? null;
    if (rows.length < PAGE_ROWS) return;
  }
}

function decimal(amount: bigint): string {
  const sign = amount < 0n ? '-' : '';
  const absolute = amount < 0n ? -amount : amount;
  const fraction = String(absolute % 10n ** 6n).padStart(6, '0');
  return `${sign}${absolute / 10n ** 6n}.${fraction}`.replace(/\.?0+$/, '');
}
