import 'reflect-metadata';
import pg from 'pg';
import { DataSource } from 'typeorm';
import { FoldPool, Processor } from '../../dist/src/processor/processor.port.js';
import { readBatch } from '../../dist/src/processor/read-batch.js';
import { LogGrowth } from '../../dist/src/processor/workers/log-growth.js';
import { readBacklog } from '../../dist/src/processor/workers/read-backlog.js';
import { Environment } from '../../dist/src/shared/config/environment.js';
import { dataSourceOptions } from '../../dist/src/shared/database/data-source-options.js';
import { openStoppedLog } from '../../dist/src/staging-log/log-tools.port.js';
import { START_OF_LOG } from '../../dist/src/staging-log/staging-log.port.js';
import { startWatch } from '../support/stopwatch.mjs';

const NO_BOUNDS = { usersMax: Infinity, readMsMax: Infinity };

/**
 * What `npm run load` does in a process that is as fresh, with the bounds of the defaults: from the beginning of the
 * first run to its end, by which all is committed.
 * @param measurement `byHour`: with revenue over time by user
 * @returns `transactionMs`: so much of it was in transactions
 */
export async function loadLog({ dataDir, url, directory, byHour = false }) {
  const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
  const opened = await openStoppedLog(dataDir, complain);
  const transactions = timeTransactions(dataSource);
  const {
    LOAD_USERS_MAX: usersMax,
    LOAD_READ_MS_MAX: readMsMax,
    HISTORY_HOURS_MAX,
  } = new Environment();
  const pool = new FoldPool();
  let batches = 0;
  const processor = new Processor({
    dataSource,
    log: opened.log,
    dataDir: directory,
    bounds: { usersMax, readMsMax, byHour },
    historyHoursMax: HISTORY_HOURS_MAX,
    pool,
    stop: new AbortController().signal,
    onCheckpoint: () => undefined,
    onLoad: () => batches++,
  });
  const stop = startWatch();
  const outcome = await processor.runOnce();
  const times = stop();
  if (outcome.kind !== 'caught-up') throw new Error(`the load ended with ${outcome.kind}`);
  await pool.close();
  await opened.close();
  await dataSource.destroy();
  return { ...times, transactionMs: transactions.milliseconds, batches };
}

/**
 * The same reading and folding of the whole log into the arrays that the upsert takes, without bounds and without a
 * database; that one only tells afterwards what is in the arrays.
 * @returns `encodeMs`: so much of it was the encoding of them
 */
export async function foldLog({ dataDir, url }) {
  const { log, close } = await openStoppedLog(dataDir, complain);
  const pool = new FoldPool();
  const stop = startWatch();
  const pages = [];
  const figures = { events: 0, encodeMs: 0 };
  for (let at = START_OF_LOG; at < log.endOffset();) {
    // As the load does: in threads, and what is left of the log by itself.
    const inThreads = await readBacklog(log, at, {
      bounds: NO_BOUNDS,
      pool,
      growth: new LogGrowth(log),
    });
    const batch = typeof inThreads === 'object' ? inThreads : await readBatch(log, at, NO_BOUNDS);
    const foldedAt = performance.now();
    for await (const page of batch.pages()) pages.push(page);
    figures.encodeMs += performance.now() - foldedAt;
    figures.events += batch.events;
    at = batch.end;
    batch.release();
  }
  const times = stop();
  const sums = await sumPages(url, pages);
  await pool.close();
  await close();
  return { ...times, ...figures, ...sums };
}

async function sumPages(url, pages) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const users = new Set();
  let micros = 0n;
  for (const { userIds, deltas } of pages) {
    const { rows } = await client.query(
      `select array_agg(user_id) as users, (sum(delta) * 1000000)::bigint::text as micros
         from unnest($1::text[], $2::numeric[]) as d(user_id, delta)`,
      [userIds, deltas],
    );
    for (const user of rows[0].users) users.add(user);
    micros += BigInt(rows[0].micros);
  }
  await client.end();
  return { users: users.size, micros: String(micros) };
}

/** How long transactions take from their begin to their end, all of them together. */
function timeTransactions(dataSource) {
  const spent = { milliseconds: 0 };
  const create = dataSource.createQueryRunner.bind(dataSource);
  dataSource.createQueryRunner = (...args) => {
    const runner = create(...args);
    const [begin, release] = [runner.startTransaction.bind(runner), runner.release.bind(runner)];
    let begunAt = null;
    runner.startTransaction = (...given) => {
      begunAt = performance.now();
      return begin(...given);
    };
    runner.release = async () => {
      if (begunAt !== null) spent.milliseconds += performance.now() - begunAt;
      begunAt = null;
      await release();
    };
    return runner;
  };
  return spent;
}

function complain(level, message) {
  process.stderr.write(`${level}: ${message}\n`);
}
