import { join } from 'node:path';
import { measureInChild } from '../support/measure-in-child.mjs';
import { emptyTables } from '../support/with-database.mjs';

const CHILD = join(import.meta.dirname, 'child.mjs');
const DOUBLE_ERROR_MAX = 1e-9;

/** What DuckDB is asked for in several forms: its fastest one is what others are compared with. */
export const DUCKDB_FORMS = [
  { name: 'DuckDB, DOUBLE', type: 'DOUBLE', timestamp: false },
  { name: 'DuckDB, DOUBLE, timestamp too', type: 'DOUBLE', timestamp: true },
  { name: 'DuckDB, DECIMAL', type: 'DECIMAL(21,6)', timestamp: false },
  { name: 'DuckDB, DECIMAL, timestamp too', type: 'DECIMAL(21,6)', timestamp: true },
];

export const ROWS = {
  product: 'product, users are new',
  productAgain: 'product, users are there',
  userHistory: 'with user history, users are new',
  userHistoryAgain: 'with user history, users are there',
  fold: 'product, the fold alone',
  copy: 'COPY and SQL',
  plain: 'Map and COPY, users are new',
  plainAgain: 'Map and COPY, users are there',
};

export function stage(parent, staging) {
  return measureInChild(CHILD, parent, { ...staging, subject: 'stage' });
}

/**
 * How each subject is measured: gets `{ parent, dataDir, staged, database }` and answers with figures by row. Each
 * measurement is a process of its own, and what it made is compared with what was staged.
 * @throws when a sum is wrong
 */
export const subjects = {
  async product(bench) {
    const [created, again] = await loadTwice(bench, false);
    return { [ROWS.product]: created, [ROWS.productAgain]: again };
  },

  async userHistory(bench) {
    const [created, again] = await loadTwice(bench, true);
    return { [ROWS.userHistory]: created, [ROWS.userHistoryAgain]: again };
  },

  async fold(bench) {
    const figures = await child(bench, 'fold');
    expectSum(ROWS.fold, [figures, bench.staged.all]);
    return { [ROWS.fold]: figures };
  },

  async duckdb(bench) {
    const rows = {};
    for (const { name, ...form } of DUCKDB_FORMS) {
      const { all } = bench.staged;
      const figures = await child(bench, 'duckdb', form);
      expectSum(name, [figures, all], form.type === 'DOUBLE' ? DOUBLE_ERROR_MAX : 0);
      rows[name] = { ...figures, events: all.events };
    }
    return rows;
  },

  async copy(bench) {
    const { part } = bench.staged;
    await emptyTables(bench.database.query);
    const figures = await child(bench, 'copy', { bytes: part.bytes });
    await expectTable(bench, 'users_revenue', { times: 1, ...part });
    return { [ROWS.copy]: { ...figures, events: part.events, users: part.users } };
  },

  async plain(bench) {
    const { all } = bench.staged;
    const { query } = bench.database;
    await query(`
      drop table if exists plain_revenue;
      create table plain_revenue (user_id text collate "C" primary key, revenue numeric not null,
                                  updated_at timestamptz not null);
      checkpoint`);
    const load = async (times) => {
      const figures = await child(bench, 'plain', { bytes: all.bytes });
      await expectTable(bench, 'plain_revenue', { times, ...all });
      return { ...figures, events: all.events };
    };
    const created = await load(1);
    await query('checkpoint');
    const again = await load(2);
    await query('drop table plain_revenue');
    return { [ROWS.plain]: created, [ROWS.plainAgain]: again };
  },
};

/**
 * Of new users, and once more of the same ones. By hour, the second time adds to the hours that the first one made.
 */
async function loadTwice(bench, byHour) {
  const { query } = bench.database;
  await emptyTables(query);
  const load = async (times) => {
    const figures = await child(bench, 'product', { byHour });
    const [{ events }] = await query('select sum(events) as events from load_checkpoint');
    await expectTable(bench, 'users_revenue', { times, ...bench.staged.all });
    if (byHour) await expectHistory(bench, times);
    return { ...figures, events: Number(events) / times, users: bench.staged.all.users };
  };
  const created = await load(1);
  // As another log of the same users: only the checkpoint of this one tells the two apart.
  await query('update load_checkpoint set log_id = gen_random_uuid()');
  await query('checkpoint');
  return [created, await load(2)];
}

function child({ parent, dataDir, database: { url } }, subject, more = {}) {
  return measureInChild(CHILD, parent, { subject, dataDir, url, ...more });
}

async function expectTable({ database: { query } }, table, { times, users, micros }) {
  const [row] = await query(`
    select count(*)::integer as users, (sum(revenue) * 1000000)::bigint::text as micros from ${table}`);
  expectSum(table, [row, { users, micros: String(BigInt(micros) * BigInt(times)) }]);
}

async function expectHistory({ database: { query }, staged }, times) {
  const [row] = await query(`
    select count(distinct user_id)::integer as users, (sum(revenue) * 1000000)::bigint::text as micros
      from user_revenue_history`);
  const { users, micros } = staged.all;
  expectSum('user_revenue_history', [
    row,
    { users, micros: String(BigInt(micros) * BigInt(times)) },
  ]);
}

/** @param errorMax relative */
function expectSum(name, [found, expected], errorMax = 0) {
  const difference = Math.abs(Number(BigInt(found.micros) - BigInt(expected.micros)));
  if (found.users === expected.users && difference <= errorMax * Number(expected.micros)) return;
  const tell = ({ users, micros }) => `${users} users with ${micros} millionths`;
  throw new Error(`${name} has ${tell(found)} instead of ${tell(expected)}`);
}
