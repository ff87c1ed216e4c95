import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { startWatch } from '../support/stopwatch.mjs';
import { readLogFiles } from './log-files.mjs';

/**
 * The lines as they are by COPY into a table, then SQL, into the balances and committed. In the form that was the
 * fastest of several: an unlogged table and one that is made of a query, because PostgreSQL uses both cores for
 * them only, and `json`, which is quicker to take apart than `jsonb` is to make.
 */
export async function copyAndSum({ dataDir, url, bytes }) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const stop = startWatch();
  await client.query('begin; create unlogged table lines (line text)');
  // CSV with a quote and a delimiter that no line has: the text format would take backslashes apart.
  const copy = copyFrom(
    `copy lines from stdin with (format csv, quote e'\\x01', delimiter e'\\x02')`,
  );
  await pipeline(Readable.from(readLogFiles(dataDir, bytes)), client.query(copy));
  const { milliseconds: copyMs } = stop();
  await client.query(`
    create temp table sums on commit drop as
    select line::json->>'userId' as user_id,
           sum(case when line::json->>'name' = 'add_revenue' then (line::json->>'value')::numeric
                    else -(line::json->>'value')::numeric end) as delta
      from lines group by 1`);
  await client.query(`
    insert into users_revenue as u (user_id, revenue, updated_at)
    select user_id, delta, now() from sums
    on conflict (user_id) do update
      set revenue = u.revenue + excluded.revenue, updated_at = excluded.updated_at`);
  await client.query('commit');
  const times = stop();
  await client.query('drop table lines');
  await client.end();
  return { ...times, copyMs };
}
