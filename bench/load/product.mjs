import 'reflect-metadata';
import { DataSource } from 'typeorm';
import { Processor } from '../../dist/src/processor/processor.js';
import { readBatch } from '../../dist/src/processor/read-batch.js';
import { Environment } from '../../dist/src/shared/config/environment.js';
import { dataSourceOptions } from '../../dist/src/shared/database/data-source-options.js';
import { openStoppedLog } from '../../dist/src/staging-log/log-tools.port.js';
import { START_OF_LOG } from '../../dist/src/staging-log/staging-log.port.js';

const MICROS = 1_000_000n;

/**
 * What `npm run load` does in a process that is as fresh, with the bounds of the defaults: from the beginning of the
 * first run to its end, by which all is committed.
 * @returns `readyMs` from the start of the process to there; `transactionMs` of it were in transactions
 */
export async function loadLog({ dataDir, url, directory }) {
  const dataSource = await new DataSource(dataSourceOptions(url)).initialize();
  const opened = await openStoppedLog(dataDir, complain);
  const transactions = timeTransactions(dataSource);
  const { LOAD_USERS_MAX: usersMax, LOAD_READ_MS_MAX: readMsMax } = new Environment();
  let batches = 0;
  const processor = new Processor({
    dataSource,
    log: opened.log,
    dataDir: directory,
    bounds: { usersMax, readMsMax },
    stop: new AbortController().signal,
    onCheckpoint: () => undefined,
    onLoad: () => batches++,
  });
  const startedAt = performance.now();
  const outcome = await processor.runOnce();
  const milliseconds = performance.now() - startedAt;
  if (outcome.kind !== 'caught-up') throw new Error(`the load ended with ${outcome.kind}`);
  await opened.close();
  await dataSource.destroy();
  return { milliseconds, readyMs: startedAt, transactionMs: transactions.milliseconds, batches };
}

/** The same reading and folding of the whole log into sums, in one batch and without a database. */
export async function foldLog({ dataDir }) {
  const opened = await openStoppedLog(dataDir, complain);
  const startedAt = performance.now();
  const { fold } = await readBatch(opened.log, START_OF_LOG, {
    usersMax: Infinity,
    readMsMax: Infinity,
  });
  const deltas = fold.deltas();
  const milliseconds = performance.now() - startedAt;
  await opened.close();
  const micros = deltas.reduce((sum, { delta }) => sum + toMicros(delta), 0n);
  const { events, users } = fold;
  return { milliseconds, readyMs: startedAt, events, users, micros: String(micros) };
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

function toMicros(decimal) {
  const [whole, fraction = ''] = decimal.replace('-', '').split('.');
  const micros = BigInt(whole) * MICROS + BigInt(fraction.padEnd(6, '0'));
  return decimal.startsWith('-') ? -micros : micros;
}

function complain(level, message) {
  process.stderr.write(`${level}: ${message}\n`);
}
