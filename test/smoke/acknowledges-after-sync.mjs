// Watches the system calls of the application: for every 202, the record's write and a completed
// fdatasync of that file must come before the answer goes to the socket.
//
//   node test/smoke/acknowledges-after-sync.mjs        (needs strace and a compiled dist/)
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const REQUESTS = 200;

const work = mkdtempSync(join(tmpdir(), 'revenue-etl-strace-'));
const trace = join(work, 'trace');
const calls = 'trace=pwrite64,fdatasync,write,writev';
const application = spawn(
  'strace',
  ['-f', '-s', '200', '-e', calls, '-o', trace, process.execPath, 'dist/src/main.js'],
  {
    env: {
      ...process.env,
      DATA_DIR: join(work, 'data'),
      SERVER_PORT: '0',
      CLIENT_PORT: '0',
      // None: its calls would be in the trace, too, and accepting events does not need it.
      DATABASE_URL: 'postgres://nobody@127.0.0.1:1/none',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  },
);

try {
  const url = await serverUrl();
  for (let i = 0; i < REQUESTS; i++) await post(url, i);
  process.kill(nodePid(), 'SIGTERM');
  await new Promise((resolve) => application.once('exit', resolve));
  console.log(
    `${judge()} of ${REQUESTS} answers came after the write and the sync of their record`,
  );
} finally {
  application.kill('SIGKILL');
  rmSync(work, { recursive: true, force: true });
}

function serverUrl() {
  return new Promise((resolve, reject) => {
    let text = '';
    application.once('exit', () => reject(new Error(`it ended too early:\n${text}`)));
    application.stdout.on('data', (part) => {
      text += part;
      const match = /^ {2}server +(\S+)/m.exec(text);
      if (match) resolve(match[1]);
    });
  });
}

/** The number is the value, so that each record is told from every other one. */
async function post(url, value) {
  const body = JSON.stringify({ userId: 'traced', name: 'add_revenue', value });
  const headers = { 'Content-Type': 'application/json' };
  const answer = await fetch(`${url}/events`, { method: 'POST', headers, body });
  if (answer.status !== 202) throw new Error(`${answer.status}: ${await answer.text()}`);
}

/** The first traced process is Node itself. */
function nodePid() {
  return Number(/^\d+/.exec(readFileSync(trace, 'utf8'))[0]);
}

/**
 * Requests go one by one, so the trace must be, for each: write of its record, return of an
 * fdatasync of the same descriptor that began after it, 202.
 */
function judge() {
  const syncing = new Map(); // thread -> the record that was written when its sync began
  let written = -1;
  let synced = -1;
  let answered = 0;
  let logFd = '';
  for (const line of readFileSync(trace, 'utf8').split('\n')) {
    const thread = line.split(' ', 1)[0];
    const record = /pwrite64\((\d+), "\{\\"timestamp\\".*\\"value\\":(\d+)\}/.exec(line);
    if (record) {
      logFd = record[1];
      written = Number(record[2]);
    }
    if (line.includes(`fdatasync(${logFd}`)) syncing.set(thread, written);
    if (line.includes('fdatasync') && line.trimEnd().endsWith('= 0')) synced = syncing.get(thread);
    if (line.includes('HTTP/1.1 202')) {
      if (synced !== answered) throw new Error(`answer ${answered} came before its sync:\n${line}`);
      answered += 1;
    }
  }
  if (answered !== REQUESTS) throw new Error(`${answered} answers were traced, not ${REQUESTS}`);
  return answered;
}
