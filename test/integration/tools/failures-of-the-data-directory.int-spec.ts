import { execFile } from 'node:child_process';
import { chmod, mkdir, readdir, rename, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { DataDirectoryOwner } from '../../../src/shared/data-directory/data-directory-owner.js';
import { LocalStagingLog } from '../../../src/staging-log/local-staging-log.js';
import { temporaryDirectory } from '../../support/running-application.js';
import { append } from '../processor/load-harness.js';

const DIST = join(import.meta.dirname, '../../../dist/src');
const AWAY = 'postgres://nobody@127.0.0.1:1/none';
/** Rights hold for root, too, once it gave up the capability to pass over them. */
const BOUND =
  process.getuid?.() === 0
    ? ['setpriv', '--bounding-set=-dac_override,-dac_read_search', '--']
    : ['env'];

interface Ended {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

let directory: string;
let dataDir: string;
beforeEach(async () => {
  directory = await temporaryDirectory();
  dataDir = join(directory, 'data');
});

function run(command: string): Promise<Ended> {
  const [program = '', ...args] = command.split(' ');
  const script = program === 'main' ? 'main.js' : `tools/${program}.js`;
  const [file = '', ...rest] = [...BOUND, process.execPath, join(DIST, script), ...args];
  const env = { PATH: process.env['PATH'], DATA_DIR: dataDir, DATABASE_URL: AWAY };
  const ports = { SERVER_PORT: '0', CLIENT_PORT: '0' };
  return new Promise((resolve) => {
    const options = { cwd: directory, env: { ...env, ...ports } };
    execFile(file, rest, options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
}

const TOOLS = [
  ...['load', 'verify', 'rebuild', 'log verify', 'log inspect', 'log export', 'log repair'],
  ...['log reload --from 0 --to 10', 'log share', 'log new-epoch', 'log new-epoch --carry-nothing'],
];
const nameOf = (command: string): string =>
  command === 'main' ? 'revenue-etl' : (command.split(' --')[0] ?? command);

async function makeLog(events = 3): Promise<void> {
  const log = await LocalStagingLog.open({
    ...{ dataDir, segmentBytesMax: 1e9, dedupeIdsMax: 1_000, dedupeWindowSeconds: 3_600 },
    ...{ appendQueueBytesMax: 1e9, backlogBytesMax: 0, diskFreeBytesMin: 0 },
    report: () => undefined,
  });
  await append(log, ...Array.from({ length: events }, () => ['abc', 1] as const));
  await log.close();
}

describe('without the right', () => {
  beforeEach(() => makeLog());
  afterEach(() => chmod(dataDir, 0o700));

  it.each([...TOOLS, 'main'])('to write the data directory: %s', async (command) => {
    await chmod(dataDir, 0o500);
    const { code, stderr } = await run(command);
    expect(code).toBe(command === 'main' ? 1 : 3);
    expect(stderr).toMatch(
      new RegExp(
        `^${nameOf(command)}: DATA_DIRECTORY_FORBIDDEN: no right to use ${dataDir}/owner `,
      ),
    );
    expect(stderr).toMatch(/belongs to user \d+ \(mode 500\).*as the account of the application/);
  });

  it.each([...TOOLS, 'main'])('to read it: %s', async (command) => {
    await chmod(dataDir, 0);
    const { code, stderr } = await run(command);
    expect(code).toBe(command === 'main' ? 1 : 3);
    expect(stderr).toContain(`${nameOf(command)}: DATA_DIRECTORY_FORBIDDEN: no right to use`);
    expect(stderr).toContain(`${dataDir} belongs to user ${process.getuid?.()} (mode 0)`);
  });
});

describe('a DATA_DIR', () => {
  it.each(TOOLS)('that does not exist is told, and not made: %s', async (command) => {
    const { code, stderr } = await run(command);
    expect(code).toBe(3);
    expect(stderr).toMatch(
      new RegExp(`^${nameOf(command)}: LOG_MISSING: .*${dataDir}/staging; set DATA_DIR`),
    );
    expect(await readdir(directory)).toEqual([]);
  });

  it.each(['load', 'verify', 'log verify', 'log repair', 'main'])(
    'that is a file: %s',
    async (command) => {
      await writeFile(dataDir, '');
      const { code, stderr } = await run(command);
      expect(code).toBe(command === 'main' ? 1 : 3);
      expect(stderr).toMatch(new RegExp(`^${nameOf(command)}: FILE_FAILED: ENOTDIR.*DATA_DIR`));
    },
  );

  it.each(TOOLS)('that another tool has: %s', async (command) => {
    await makeLog();
    const owner = await DataDirectoryOwner.acquire(dataDir);
    try {
      const { code, stderr } = await run(command);
      expect(code).toBe(command.startsWith('log') ? 2 : 3);
      const codes = '(APPLICATION_BUSY|DATA_DIRECTORY_OWNED)';
      const place = `${dataDir} is in use by process ${process.pid}`;
      expect(stderr).toMatch(new RegExp(`^${nameOf(command)}: ${codes}: ${place}[,;] .*\n$`));
    } finally {
      await owner.release();
    }
  });
});

describe('a copy of a log', () => {
  let copy: string;
  beforeEach(async () => {
    await makeLog();
    copy = join(directory, 'copy');
    await rename(dataDir, copy);
  });
  afterEach(() => chmod(copy, 0o700));

  it('is looked at without making anything there', async () => {
    expect((await run(`log verify --log ${copy}/staging`)).code).toBe(0);
    expect(await readdir(copy)).toEqual(['staging']);
  });

  it('is looked at where it may only be read, too', async () => {
    await mkdir(join(copy, 'owner'), { mode: 0o500 });
    await chmod(copy, 0o500);
    const verified = await run(`log verify --log ${copy}/staging`);
    expect(verified).toMatchObject({ code: 0, stderr: '' });
    expect(verified.stdout).toMatch(/^sound: /);
  });

  it('is followed where an application has it', async () => {
    const owner = await DataDirectoryOwner.acquire(copy);
    const { code, stderr } = await run(`log verify --log ${copy}/staging`);
    await owner.release();
    expect(code).toBe(2);
    expect(stderr).toContain(`APPLICATION_BUSY: ${copy} is in use by process ${process.pid}`);
  });
});

it('a file that cannot take all of an export is named, and goes', async () => {
  await makeLog(2_000);
  const out = join(directory, 'records.jsonl');
  const script = `ulimit -f 1; exec "$0" "$@"`;
  const args = [join(DIST, 'tools/log.js'), 'export', '--out', out];
  const ended = await new Promise<Ended>((resolve) => {
    const options = { cwd: directory, env: { PATH: process.env['PATH'], DATA_DIR: dataDir } };
    execFile('sh', ['-c', script, process.execPath, ...args], options, (error, stdout, stderr) => {
      resolve({ code: Number(error?.code ?? 0), stdout, stderr });
    });
  });
  expect(ended).toMatchObject({
    ...{
      code: 3,
      stderr: expect.stringMatching(/^log export: FILE_FAILED: EFBIG.*records\.jsonl/),
    },
  });
  expect(await readdir(directory)).toEqual(['data']);
});
