import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from '@jest/globals';

const LOGGER = join(import.meta.dirname, '../../../dist/src/application.logger.js');

/** Logs 20 MB, far more than a pipe and the logger hold, and says on standard error that it went on. */
const FLOOD = `
  const { ApplicationLogger } = await import(process.argv[1]);
  const logger = new ApplicationLogger(process.argv[2]);
  for (let i = 0; i < 200; i += 1) {
    logger.log({ message: 'x'.repeat(100_000), i }, 'Flood');
    await new Promise(setImmediate);
  }
  process.stderr.write('went on');
  await new Promise((resolve) => process.stdin.once('data', resolve));
  for (let i = 0; logger.dropped > 0; i += 1) await new Promise((resolve) => setTimeout(resolve, 10));
  logger.log('the last line', 'Flood');
  process.exit(0);
`;

describe.each(['text', 'json'])('a log as %s', (format) => {
  it('that nobody reads holds nobody up, leaves lines out, and says so', async () => {
    const args = ['--input-type=module', '-e', FLOOD, LOGGER, format];
    const child = spawn(process.execPath, args, { stdio: 'pipe' });
    const [told] = (await once(child.stderr, 'data')) as [Buffer];
    expect(told.toString()).toBe('went on');
    const ended = once(child, 'close');
    child.stdin.end('\n');
    const lines = (await text(child.stdout)).trimEnd().split('\n');
    expect((await ended)[0]).toBe(0);
    expect(lines.length).toBeLessThan(100);
    const left = lines.map((line) => /"dropped":(\d+)/.exec(line)?.[1] ?? 0);
    expect(left.reduce<number>((sum, count) => sum + Number(count), 0)).toBeGreaterThan(100);
    expect(lines.at(-1)).toContain('the last line');
    if (format === 'json')
      for (const line of lines) expect(() => JSON.parse(line) as unknown).not.toThrow();
  });

  it('has the lines that were written last when the process ends', async () => {
    const end = `const { ApplicationLogger } = await import(process.argv[1]);
      const logger = new ApplicationLogger(process.argv[2]);
      logger.error('no use', 'a stack', 'Test');
      logger.log('unseen', 'RouterExplorer');
      process.exit(3);`;
    const args = ['--input-type=module', '-e', end, LOGGER, format];
    const child = spawn(process.execPath, args, { stdio: 'pipe' });
    const out = await text(child.stdout);
    expect(out).toContain('no use');
    expect(out).toContain('a stack');
    expect(out).not.toContain('unseen');
  });
});
