import { execFile, execFileSync } from 'node:child_process';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

const SCRIPTS = join(import.meta.dirname, '../../../scripts');

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const SUMMARY = {
  runId: 'r',
  read: 9,
  accepted: 5,
  duplicates: 4,
  invalid: [],
  invalidTotal: 0,
  durationMs: 7,
};
const TOLD = 'generate_events: 9 read, 5 accepted, 4 duplicates, 0 invalid, in 7 ms\n';

let server: Server;
let requests: IncomingMessage[];
let reply: { status: number; body: unknown };
let whileAnswering: () => void;

beforeEach(async () => {
  requests = [];
  whileAnswering = () => undefined;
  server = createServer((request, response) => {
    requests.push(request);
    whileAnswering();
    response.writeHead(reply.status).end(JSON.stringify(reply.body));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
});

afterEach(() => {
  server.close();
});

function run(script: string, environment: Record<string, string> = {}): Promise<Ended> {
  const port = String((server.address() as AddressInfo | null)?.port ?? 1);
  const env = { PATH: process.env['PATH'], HOST: '0.0.0.0', CLIENT_PORT: port, SERVER_PORT: port };
  return new Promise((resolve) => {
    const options = { env: { ...env, ...environment } };
    execFile('sh', [join(SCRIPTS, script)], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

describe('the scripts', () => {
  it.each([
    { script: 'generate-events.sh', path: '/generateEvents', body: SUMMARY, told: TOLD },
    { script: 'create-table.sh', path: '/createTable', body: { created: true }, told: '' },
  ])('$script asks for $path and prints the answer', async ({ script, path, body, told }) => {
    reply = { status: 200, body };
    const ended = await run(script);
    expect(ended).toEqual({ code: 0, stdout: `${JSON.stringify(body)}\n`, stderr: told });
    expect(requests.map(({ url }) => url)).toEqual([path]);
    expect(requests[0]!.headers.authorization).toBeUndefined();
  });

  it('keep the key out of the process list', async () => {
    const key = 'k"e\\y';
    let processes = '';
    whileAnswering = () => {
      processes = execFileSync('ps', ['-eo', 'args'], { encoding: 'utf8' });
    };
    reply = { status: 200, body: {} };
    await run('create-table.sh', { API_KEY: key });
    expect(requests[0]!.headers.authorization).toBe(`Bearer ${key}`);
    expect(processes).toContain('/createTable');
    expect(processes).not.toContain('Bearer');
  });

  it('say what a problem is, and fail', async () => {
    const detail = 'the file "a\\b" has changed';
    reply = { status: 409, body: { type: 'about:blank', code: 'RUN_FILE_CHANGED', detail } };
    const { code, stdout, stderr } = await run('generate-events.sh');
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' });
    expect(stderr).toBe(`generate_events: RUN_FILE_CHANGED (HTTP 409): ${detail}\n`);
  });

  it('say what to do about a key that is missing', async () => {
    reply = { status: 401, body: { code: 'KEY_REQUIRED', detail: 'a configured key is needed' } };
    const { code, stderr } = await run('create-table.sh');
    expect(code).toBe(1);
    expect(stderr).toContain('API_KEY=... npm run create_table');
  });

  it('never advise to call again blindly when an answer was lost', async () => {
    whileAnswering = () => {
      server.closeAllConnections();
    };
    const { code, stderr } = await run('generate-events.sh');
    expect(code).toBe(2);
    expect(stderr).toContain('a call after the end of a run sends the whole file again');
  });

  it('tell how many lines were refused', async () => {
    const message = 'no "invalidTotal":3 here';
    const invalid = [{ line: 2, code: 'VALUE_INVALID', message }];
    reply = { status: 200, body: { ...SUMMARY, invalid, invalidTotal: 12 } };
    const { code, stderr } = await run('generate-events.sh');
    expect(code).toBe(0);
    expect(stderr).toContain('4 duplicates, 12 invalid');
    expect(stderr).toContain('names the lines that were refused');
  });

  it.each(['generate-events.sh', 'create-table.sh'])(
    '%s says that nothing listens',
    async (script) => {
      const port = String((server.address() as AddressInfo).port);
      await new Promise((resolve) => server.close(resolve));
      const { code, stderr } = await run(script, { CLIENT_PORT: port, SERVER_PORT: port });
      expect(code).toBe(2);
      expect(stderr).toContain(`nothing listens on http://127.0.0.1:${port}`);
      expect(stderr).toContain('npm start');
    },
  );
});
