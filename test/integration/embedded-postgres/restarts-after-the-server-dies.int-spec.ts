import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import {
  EmbeddedWorkbench,
  eventually,
  guardPidsOf,
  isAlive,
  query,
  queryEventually,
} from './support.js';

describe('an embedded server that dies while its Node process lives', () => {
  let bench: EmbeddedWorkbench;
  beforeEach(async () => void (bench = await EmbeddedWorkbench.open()));
  afterEach(() => bench.close());

  it('comes back under the same url with all committed data', async () => {
    const server = await bench.start();
    const { url } = server;
    await query(url, 'CREATE TABLE kept AS SELECT 42 AS answer');

    process.kill(await bench.postmasterPid(), 'SIGKILL');

    expect(await queryEventually(url, 'SELECT answer FROM kept')).toEqual([{ answer: 42 }]);
    expect(server.url).toBe(url);
    expect(bench.log.count(/died unexpectedly \(ended by signal 9\)/)).toBe(1);
  });

  it('comes back when only its guard was killed', async () => {
    const server = await bench.start();
    const before = await bench.postmasterPid();
    const [guard] = await guardPidsOf(before);

    process.kill(guard!, 'SIGKILL');

    expect(await eventually(() => !isAlive(before))).toBe(true);
    expect(await queryEventually(server.url, 'SELECT 1 AS one')).toEqual([{ one: 1 }]);
    expect(await bench.postmasterPid()).not.toBe(before);
  });
});
