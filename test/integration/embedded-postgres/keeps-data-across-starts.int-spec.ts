import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { EmbeddedWorkbench, query } from './support.js';

describe('an embedded server', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('creates its cluster at the first start and finds its data at the second', async () => {
    const first = await bench.start();
    await query(first.url, 'CREATE TABLE kept AS SELECT 42 AS answer');
    await first.stop();

    const second = await bench.start();

    expect(await query(second.url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(bench.log.count(/Creating a PostgreSQL/)).toBe(1);
  });
});
