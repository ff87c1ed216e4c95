import { availableParallelism } from 'node:os';
import { DuckDBInstance } from '@duckdb/node-api';
import { startWatch } from '../support/stopwatch.mjs';
import { logFiles } from './log-files.mjs';

/**
 * Its buffers hold the longest record of this system. With the default, 16 times as much, it was not faster in any
 * form.
 */
const OBJECT_BYTES_MAX = 1024 * 1024;
const MICROS = 1_000_000;

/**
 * The sums of the log by DuckDB, in memory, with a thread for each core; the query alone, all of its result fetched.
 * @param measurement `type` of the value in SQL; whether the `timestamp` is read, too
 */
export async function sumWithDuckDb({ dataDir, type, timestamp }) {
  const instance = await DuckDBInstance.create(':memory:', {
    threads: String(availableParallelism()),
  });
  const connection = await instance.connect();
  const files = logFiles(dataDir).map((path) => `'${path.replaceAll("'", "''")}'`);
  const stop = startWatch();
  const result = await connection.runAndReadAll(`
    select "userId", sum(case when name = 'add_revenue' then value else -value end)
      from read_json([${files.join(', ')}], format = 'newline_delimited',
                     maximum_object_size = ${OBJECT_BYTES_MAX},
                     columns = {${timestamp ? `timestamp: 'BIGINT', ` : ''}userId: 'VARCHAR',
                                name: 'VARCHAR', value: '${type}'})
     group by 1`);
  const times = stop();
  const [users, sums] = result.getColumns();
  const micros =
    type === 'DOUBLE'
      ? BigInt(Math.round(sums.reduce((total, sum) => total + sum, 0) * MICROS))
      : sums.reduce((total, { value }) => total + value, 0n);
  return { ...times, users: users.length, micros: String(micros) };
}
