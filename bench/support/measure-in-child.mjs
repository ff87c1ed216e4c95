import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/**
 * Runs a program on an empty directory in `parent`, which is removed afterwards, and resolves to the
 * JSON that it prints. Its argument is the measurement, with that `directory`, as JSON.
 * @throws when it does not end well.
 */
export async function measureInChild(program, parent, measurement) {
  const directory = mkdtempSync(join(parent, 'revenue-etl-bench-'));
  const remove = () => rmSync(directory, { recursive: true, force: true });
  process.once('exit', remove);
  try {
    return JSON.parse(await outputOf([program, JSON.stringify({ ...measurement, directory })]));
  } finally {
    process.off('exit', remove);
    remove();
  }
}

function outputOf(nodeArguments) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, nodeArguments, { stdio: ['ignore', 'pipe', 'inherit'] });
    const kill = () => child.kill('SIGKILL');
    process.once('exit', kill);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text) => (output += text));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.off('exit', kill);
      if (code === 0) resolve(output);
      else reject(new Error(`a measurement ended with ${code ?? signal}`));
    });
  });
}
