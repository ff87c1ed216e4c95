/**
 * Runs a bench: `npm run bench -- <name> [options]`; without a name, tells which there are. Each is a
 * file `bench/<name>.bench.mjs` that exports `summary` (a line), `options` (as `parseArgs` takes them,
 * with `help` and a default) and `run`, which gets their values and resolves to figures for `--json`.
 *
 * Figures go to stdout, progress to stderr. The exit code tells of no goal: it is 0 unless the bench
 * breaks, because figures of a machine that does other things as well prove nothing.
 */
import { spawnSync } from 'node:child_process';
import { readdirSync, writeFileSync } from 'node:fs';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

const SUFFIX = '.bench.mjs';
const EXIT_USAGE = 2;
const root = join(import.meta.dirname, '..');
const names = readdirSync(import.meta.dirname)
  .filter((file) => file.endsWith(SUFFIX))
  .map((file) => file.slice(0, -SUFFIX.length));

// What is to be removed at the end is removed on Ctrl-C, too: that needs an exit, not a death.
for (const [signal, exitCode] of [
  ['SIGINT', 130],
  ['SIGTERM', 143],
]) {
  process.once(signal, () => process.exit(exitCode));
}

const [name, ...rest] = process.argv.slice(2);
if (name === undefined) await list();
else if (names.includes(name)) await runBench();
else usage(`There is no bench "${name}", but: ${names.join(', ')}`);

async function list() {
  console.log('npm run bench -- <name> [options]\n');
  for (const each of names) {
    const { summary, options } = await load(each);
    console.log(`${each}: ${summary}`);
    for (const [option, { help, default: value }] of Object.entries(withJson(options))) {
      console.log(
        `  ${`--${option}`.padEnd(12)}${help}${value === undefined ? '' : ` (${value})`}`,
      );
    }
  }
}

async function runBench() {
  const bench = await load(name);
  let values;
  try {
    values = parseArgs({ args: rest, options: withJson(bench.options) }).values;
  } catch (error) {
    usage(error.message);
    return;
  }
  build();
  const { json, ...options } = values;
  const figures = await bench.run(options);
  if (json === undefined) return;
  const machine = { node: process.version, cpus: cpus().length, cpu: cpus()[0]?.model };
  writeFileSync(
    json,
    `${JSON.stringify({ bench: name, options, machine, ...figures }, null, 2)}\n`,
  );
}

function load(bench) {
  return import(`./${bench}${SUFFIX}`);
}

function withJson(options) {
  return { ...options, json: { type: 'string', help: 'a file for the figures' } };
}

function build() {
  const nest = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
  const built = spawnSync(process.execPath, [nest, 'build'], {
    cwd: root,
    stdio: ['ignore', 2, 2], // stdout is for the figures
  });
  if (built.status !== 0) throw new Error('what is to be measured does not compile');
}

function usage(message) {
  console.error(message);
  process.exitCode = EXIT_USAGE;
}
