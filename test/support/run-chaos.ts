import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';

const RUN_CHAOS = join(import.meta.dirname, '../chaos/run-chaos.mjs');

/** Runs a campaign as `npm run chaos` does. @param options as they stand on its command line */
export async function runChaos(
  ...options: readonly string[]
): Promise<{ readonly code: number | null; readonly output: string }> {
  const child = spawn(process.execPath, [RUN_CHAOS, ...options], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [output, [code]] = await Promise.all([
    text(child.stdout),
    once(child, 'close') as Promise<[number | null]>,
  ]);
  return { code, output };
}
