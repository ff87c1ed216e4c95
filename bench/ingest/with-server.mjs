import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { logFiles } from '../load/log-files.mjs';
import { withApplication } from '../latency/with-application.mjs';

const CHILD = join(import.meta.dirname, 'child.mjs');
/** In years: only ingest is measured. */
const LOAD_CRON = '0 0 0 29 2 *';

/** Who is measured, by name: with an empty directory, runs `work` with its URL, then tells its files of records. */
export const servers = {
  product: async ({ directory, database }, work) => {
    const bench = { dataDir: directory, url: database.url, env: { LOAD_CRON } };
    const figures = await withApplication(bench, work);
    return { figures, files: logFiles(directory) };
  },
  'bare ingest': (bench, work) => withBareServer('bare ingest', bench, work),
  'bare sink': (bench, work) => withBareServer('bare sink', bench, work),
};

async function withBareServer(subject, { directory }, work) {
  const file = join(directory, 'records.jsonl');
  const argument = JSON.stringify({ subject, file });
  const child = spawn(process.execPath, [CHILD, argument], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  const closed = once(child, 'close').finally(() => process.off('exit', kill));
  try {
    const said = once(child.stdout.setEncoding('utf8'), 'data').then(([text]) => JSON.parse(text));
    const ended = closed.then(([code, signal]) => {
      throw new Error(`${subject} ended with ${code ?? signal}`);
    });
    const { url } = await Promise.race([said, ended]);
    return { figures: await Promise.race([work(url), ended]), files: [file] };
  } finally {
    kill();
    await closed;
  }
}
