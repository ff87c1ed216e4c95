import { chmod, mkdir, readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname } from 'node:path';

import { afterEach, describe, expect, it } from '@jest/globals';
import { DataSource } from 'typeorm';
import { EmbeddedWorkbench, query, sigkill } from './support.js';

const socketDirectories = async (): Promise<readonly string[]> =>
  (await readdir(tmpdir())).filter((name) => name.startsWith('revenue-etl-pg-'));

describe('an embedded server', () => {
  let bench: EmbeddedWorkbench;
  afterEach(() => bench.close());

  it('keeps its socket elsewhere when the path is too long, and cleans up', async () => {
    bench = await EmbeddedWorkbench.open(`${'long/'.repeat(30)}data`);
    const before = await socketDirectories();
    const { owner } = await bench.startOwner();
    await sigkill(owner);

    const server = await bench.start();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect((await socketDirectories()).length).toBe(before.length + 1);

    await server.stop();
    expect(await socketDirectories()).toEqual(before);
  });

  it('works below a directory that only its owner can enter', async () => {
    bench = await EmbeddedWorkbench.open('private/data');
    await mkdir(dirname(bench.dataDir), { mode: 0o700 });
    await chmod(dirname(bench.dataDir), 0o700);

    const server = await bench.start();

    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });

  it('gives pg and TypeORM a url that survives odd characters in the path', async () => {
    bench = await EmbeddedWorkbench.open('a b,"c"%2F#é');

    const server = await bench.start();

    const source = await new DataSource({ type: 'postgres', url: server.url }).initialize();
    expect(await source.query('SELECT current_database()')).toEqual([
      { current_database: 'revenue' },
    ]);
    await source.destroy();
    expect(await query(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
  });
});
