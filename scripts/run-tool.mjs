/**
 * Runs a tool of the application: `node scripts/run-tool.mjs <name> [arguments]`.
 *
 * In a checkout the tool is compiled first when its sources are newer, so that nobody verifies
 * money with yesterday's code. A production image has no compiler and runs what it was built with.
 */
import { spawn } from 'node:child_process';
import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs';
import { constants } from 'node:os';
import { join } from 'node:path';

const root = join(import.meta.dirname, '..');
const nestCli = join(root, 'node_modules/@nestjs/cli/bin/nest.js');
const [toolName, ...toolArguments] = process.argv.slice(2);

const EXIT_USAGE = 2;

process.exitCode = await main();

async function main() {
  if (toolName === undefined || !/^[a-z0-9-]+$/.test(toolName)) {
    console.error('usage: node scripts/run-tool.mjs <tool> [arguments]');
    return EXIT_USAGE;
  }
  const compiledTool = join(root, 'dist/src/tools', `${toolName}.js`);
  if (existsSync(nestCli) && isOutdated(compiledTool)) {
    const built = await build(compiledTool);
    if (built !== 0) return built;
  }
  if (!existsSync(compiledTool)) {
    console.error(`There is no tool "${toolName}": ${compiledTool} does not exist.`);
    return EXIT_USAGE;
  }
  // The working directory stays the caller's: relative paths among the arguments are theirs.
  return run([compiledTool, ...toolArguments], { stdio: 'inherit' });
}

async function build(compiledTool) {
  const startedAt = new Date();
  // The tool's own output may be piped into a file, so the compiler talks to stderr.
  const exitCode = await run([nestCli, 'build'], { cwd: root, stdio: ['ignore', 2, 2] });
  if (exitCode === 0 && existsSync(compiledTool)) {
    // An incremental build leaves unchanged output alone; without a new date it would look old.
    utimesSync(compiledTool, startedAt, startedAt);
  }
  return exitCode;
}

function isOutdated(compiledTool) {
  if (!existsSync(compiledTool)) return true;
  const builtAt = statSync(compiledTool).mtimeMs;
  return ['src', 'migrations'].some((folder) => isAnyNewer(join(root, folder), builtAt));
}

function isAnyNewer(folder, time) {
  if (!existsSync(folder)) return false;
  return readdirSync(folder, { recursive: true, withFileTypes: true }).some(
    (entry) => entry.isFile() && statSync(join(entry.parentPath, entry.name)).mtimeMs > time,
  );
}

/** Resolves to the exit code, or to 128 + n as a shell does when a signal ended the child. */
function run(nodeArguments, options) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, nodeArguments, options);
    const forward = (signal) => {
      // Ctrl-C on a terminal has reached the child already, and twice may mean "at once" to it.
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal);
    };
    const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'];
    for (const signal of signals) process.on(signal, forward);
    child.once('error', reject);
    child.once('exit', (code, signal) => {
      for (const name of signals) process.off(name, forward);
      resolve(code ?? 128 + constants.signals[signal]);
    });
  });
}
