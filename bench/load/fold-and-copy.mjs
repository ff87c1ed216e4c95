import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { startWatch } from '../support/stopwatch.mjs';
import { readLogFiles } from './log-files.mjs';

const MICROS = 1_000_000;
const ROWS_PER_PIECE = 10_000;

/**
 * The plain way: JSON.parse and a Map, then the sums by COPY into a temporary table, in the order in which users came
 * up, and from there into a table of balances with the default fillfactor, `plain_revenue`.
 */
export async function foldAndCopy({ dataDir, url, bytes }) {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const stop = startWatch();
  const sums = await foldIntoMap(dataDir, bytes);
  const { milliseconds: foldMs } = stop();
  await client.query(`
    begin;
    create temp table deltas (user_id text collate "C", delta numeric) on commit drop`);
  const copy = client.query(copyFrom('copy deltas from stdin'));
  await pipeline(Readable.from(rowsOf(sums)), copy);
  await client.query(`
    insert into plain_revenue as u (user_id, revenue, updated_at)
    select user_id, delta, now() from deltas
    on conflict (user_id) do update
      set revenue = u.revenue + excluded.revenue, updated_at = excluded.updated_at`);
  await client.query('commit');
  const times = stop();
  await client.end();
  return { ...times, foldMs, users: sums.size };
}

/** In millionths: floats that are whole numbers, exact as far as this bench goes. */
async function foldIntoMap(dataDir, bytes) {
  const sums = new Map();
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of readLogFiles(dataDir, bytes)) {
    const lines = (rest + decoder.decode(piece, { stream: true })).split('\n');
    rest = lines.pop();
    for (const line of lines) {
      const { userId, name, value } = JSON.parse(line);
      const change = Math.round(value * MICROS);
      sums.set(userId, (sums.get(userId) ?? 0) + (name === 'add_revenue' ? change : -change));
    }
  }
  return sums;
}

/** In COPY's text format; of a user id only a backslash would need an escape, and none of these has one. */
function* rowsOf(sums) {
  let rows = '';
  let count = 0;
  for (const [userId, micros] of sums) {
    rows += `${userId}\t${micros / MICROS}\n`;
    count += 1;
    if (count % ROWS_PER_PIECE > 0) continue;
    yield rows;
    rows = '';
  }
  yield rows;
}
