import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

const root = join(import.meta.dirname, '../..');
const execute = promisify(execFile);

interface Offence {
  readonly rule: string;
  readonly from: string;
  readonly imports: string;
}

/** An import that each rule exists to refuse; files that are missing are planted as well. */
const offences: readonly Offence[] = [
  offence('ingest-and-processor-meet-at-the-staging-log', 'src/ingest', '../processor/a.port.js'),
  offence('ingest-and-processor-meet-at-the-staging-log', 'src/processor', '../ingest/a.port.js'),
  offence('ingest-is-reached-over-http', 'src/client', '../ingest/a.port.js'),
  offence('ingest-is-reached-over-http', 'src/dead-letters', '../ingest/a.port.js'),
  offence('client-stands-apart', 'src/client', '../staging-log/a.port.js'),
  offence('staging-log-stands-apart', 'src/staging-log', '../revenue/a.port.js'),
  offence('staging-log-stores-opaque-lines', 'src/staging-log', '../shared/event/a.js'),
  offence('staging-log-without-database', 'src/staging-log', 'typeorm'),
  offence('staging-log-without-database', 'src/staging-log', '../shared/database/a.js'),
  offence('ingest-without-database', 'src/ingest', 'pg'),
  offence('client-without-database', 'src/client', '@nestjs/typeorm'),
  offence('context-by-its-entrance', 'src/processor', '../revenue/inside.js'),
  offence('context-by-its-entrance', 'src/tools', '../processor/inside.js'),
  offence('context-by-its-entrance-from-the-root', 'src', './revenue/inside.js'),
  offence('contexts-are-put-together-at-the-top', 'src/revenue', '../app.module.js'),
  offence('shared-is-the-ground-floor', 'src/shared/http', '../../revenue/a.port.js'),
  offence('opentelemetry-for-traces-only', 'src/ingest', '@opentelemetry/api'),
  offence('opentelemetry-on-demand', 'src', './shared/tracing/opentelemetry/tracing.js'),
  offence('monitoring-is-a-leaf', 'src/tools', '../monitoring/a.port.js'),
  offence('retention-is-a-leaf', 'src/tools', '../retention/a.port.js'),
  offence('retention-stands-apart', 'src/retention', '../revenue/a.port.js'),
  offence('verify-shares-no-fold', 'src/verify', '../processor/fold-planted.js'),
  offence('event-codec-is-pure', 'src/shared/event', 'node:fs'),
  offence('event-codec-is-pure', 'src/shared/event', 'class-validator'),
  { rule: 'fold-is-pure', from: 'src/processor/fold-planted.ts', imports: 'node:fs/promises' },
  offence('migrations-stand-alone', 'migrations', '../src/revenue/a.port.js'),
  offence('sources-without-tests', 'src/revenue', '../../test/planted.js'),
  offence('no-dev-dependency-in-production', 'src/revenue', 'fast-check'),
  { rule: 'no-barrel', from: 'src/revenue/index.ts', imports: './inside.js' },
];

const behindTheDatabase = { from: 'src/ingest/planted-behind.ts', imports: '../shared/http/db.js' };

let copy: string;

beforeAll(async () => {
  copy = await mkdtemp(join(tmpdir(), 'revenue-etl-boundaries-'));
  // Unit specs use what supports tests.
  const folders = ['src', 'migrations', 'test/support'];
  const copied = [...folders, 'package.json', 'tsconfig.json', '.dependency-cruiser.cjs'];
  await Promise.all(
    copied.map((name) => cp(join(root, name), join(copy, name), { recursive: true })),
  );
  await mkdir(join(copy, 'bench'));
  await symlink(join(root, 'node_modules'), join(copy, 'node_modules'));
});

afterAll(async () => {
  await rm(copy, { recursive: true, force: true });
});

describe('the boundaries check', () => {
  it('passes on the tree as it is', async () => {
    await runBoundaries();
    expect(await violations()).toEqual([]);
  });

  it('refuses every import that a rule forbids, by the name of the rule', async () => {
    for (const { from, imports } of offences) await plantImport(from, imports);
    await plantImport(behindTheDatabase.from, behindTheDatabase.imports);
    await plant('src/shared/http/db.ts', `import 'typeorm';\nexport {};\n`);

    const found = new Set(await violations());

    const missed = offences
      .map(({ rule, from }) => `${rule}: ${from}`)
      .filter((violation) => !found.has(violation));
    expect(missed).toEqual([]);
    expect(found).toContain(`ingest-without-database-behind-it: ${behindTheDatabase.from}`);
    await expect(runBoundaries()).rejects.toMatchObject({
      stdout: expect.stringContaining('ingest-and-processor-meet-at-the-staging-log'),
    });
  });
});

function offence(rule: string, folder: string, imports: string): Offence {
  const name = `${rule}-${imports}`.replace(/[^a-z]+/g, '-');
  return { rule, from: `${folder}/planted-${name}.ts`, imports };
}

async function plantImport(from: string, imports: string): Promise<void> {
  await plant(from, `import '${imports}';\nexport {};\n`);
  if (!imports.startsWith('.')) return;
  const target = join(dirname(from), imports.replace(/\.js$/, '.ts'));
  await plant(target, 'export {};\n', { unlessThere: true });
}

async function plant(path: string, text: string, options = { unlessThere: false }): Promise<void> {
  const file = join(copy, path);
  await mkdir(dirname(file), { recursive: true });
  try {
    await writeFile(file, text, { flag: options.unlessThere ? 'wx' : 'w' });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  }
}

function runBoundaries(...options: string[]): Promise<{ stdout: string }> {
  const script = ['run', '--silent', 'boundaries', '--', ...options];
  return execute('npm', script, { cwd: copy, maxBuffer: 64 * 1024 * 1024 });
}

/** `rule: file` for each violation; this output format ends with exit code 0 all the same. */
async function violations(): Promise<string[]> {
  const { stdout } = await runBoundaries('--output-type', 'json');
  const report = JSON.parse(stdout) as {
    summary: { violations: { from: string; rule: { name: string } }[] };
  };
  return report.summary.violations.map(({ from, rule }) => `${rule.name}: ${from}`);
}
