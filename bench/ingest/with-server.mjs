import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { logFiles } from '../load/log-files.mjs';
import { processorTime } from './processor-time.mjs';

const CHILD = join(import.meta.dirname, 'child.mjs');
const MAIN = join(import.meta.dirname, '../../dist/src/main.js');
/** In years: only ingest is measured. */
const LOAD_CRON = '0 0 0 29 2 *';
/** The product tells its URL, and that it is ready in the line behind; a bare server its URL when it is. */
const PRODUCT_READY = /^ {2}server +(http:\S+)[^]*npm run verify/m;
const BARE_READY = /"url":"(.+)"/;

/** Who is measured, by name: how to start it on an empty directory, and where it puts its records. */
const servers = {
  product: ({ directory, database }) => ({
    program: [MAIN],
    env: {
      ...{ SERVER_PORT: '0', CLIENT_PORT: '0', LOAD_CRON },
      ...{ DATA_DIR: directory, DATABASE_URL: database.url },
    },
    ready: PRODUCT_READY,
    files: () => logFiles(directory),
  }),
  'bare ingest': (bench) => bareServer('bare ingest', bench),
  'bare sink': (bench) => bareServer('bare sink', bench),
};

function bareServer(subject, { directory }) {
  const file = join(directory, 'records.jsonl');
  const program = [CHILD, JSON.stringify({ subject, file })];
  return { program, env: {}, ready: BARE_READY, files: () => [file] };
}

/**
 * Runs `work` with the URL of a server that is a process of its own, and asks that to stop.
 * @param bench `server`, its name; `directory`, empty; `database`; `profiles`, a directory for what V8 tells of it (as
 * `label`), or undefined
 * @returns `figures` of the work, the `files` of its records, and `cpuMs` that it worked meanwhile, null where unknown
 * @throws when it does not get ready, or does not end well
 */
export async function withServer({ server, profiles, label, ...bench }, work) {
  const { program, env, ready, files } = servers[server](bench);
  const profiling = [
    '--cpu-prof',
    `--cpu-prof-dir=${profiles}`,
    `--cpu-prof-name=${label}.cpuprofile`,
  ];
  const nodeArguments = [...(profiles === undefined ? [] : profiling), ...program];
  const child = spawn(process.execPath, nodeArguments, {
    cwd: tmpdir(), // away from the project, whose .env.local would count
    env: { PATH: process.env.PATH, HOME: process.env.HOME, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const kill = () => child.kill('SIGKILL');
  process.once('exit', kill);
  let output = '';
  const closed = once(child, 'close').finally(() => process.off('exit', kill));
  const ended = closed.then(([code, signal]) => {
    throw new Error(`${server} ended with ${code ?? signal}:\n${output}`);
  });
  ended.catch(() => undefined); // an end that is asked for is none to tell of
  try {
    const url = await Promise.race([ended, readyUrl(child, ready, (text) => (output += text))]);
    const before = processorTime(child.pid);
    const figures = await Promise.race([ended, work(url)]);
    const cpuMs = before === null ? null : processorTime(child.pid) - before;
    child.kill('SIGTERM');
    const [code, signal] = await closed;
    if (code !== 0) throw new Error(`${server} stopped with ${code ?? signal}:\n${output}`);
    return { figures, files: files(), cpuMs };
  } finally {
    kill();
  }
}

/** @param collect gets what the server says, and answers with all of it so far */
function readyUrl(child, ready, collect) {
  return new Promise((resolve) => {
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text) => {
        const url = ready.exec(collect(text))?.[1];
        if (url !== undefined) resolve(url);
      });
    }
  });
}
