import { stat } from 'node:fs/promises';
import { join } from 'node:path';

import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench, query } from './support.js';

describe('an embedded server', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('runs with every durability setting on, UTF-8, locale C and no TCP', async () => {
    const server = await bench.start();

    const settings = await query(
      server.url,
      `SELECT name, setting FROM pg_settings WHERE name IN ('data_checksums', 'fsync', 'full_page_writes',
         'listen_addresses', 'server_encoding', 'synchronous_commit', 'unix_socket_permissions')
       UNION ALL SELECT 'collation', datcollate FROM pg_database WHERE datname = current_database()
       ORDER BY name`,
    );

    expect(settings).toEqual([
      { name: 'collation', setting: 'C' },
      { name: 'data_checksums', setting: 'on' },
      { name: 'fsync', setting: 'on' },
      { name: 'full_page_writes', setting: 'on' },
      { name: 'listen_addresses', setting: '' },
      { name: 'server_encoding', setting: 'UTF8' },
      { name: 'synchronous_commit', setting: 'on' },
      { name: 'unix_socket_permissions', setting: '0700' },
    ]);
    expect((await stat(join(bench.dataDir, 'postgres', 'run'))).mode & 0o777).toBe(0o700);
  });
});
