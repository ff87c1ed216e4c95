import { createInterface } from 'node:readline';
import { DataDirectoryOwner } from '../../../dist/src/shared/data-directory/data-directory-owner.js';

/**
 * A process that tries to own the directory of its first argument whenever it reads a line, and
 * answers with one: "owner", or the message of what came instead.
 */
const [dataDir] = process.argv.slice(2);
let held;

process.stdout.write('here\n');
for await (const command of createInterface({ input: process.stdin })) {
  if (command === 'release') {
    await held?.release();
    process.stdout.write('released\n');
    continue;
  }
  try {
    held = await DataDirectoryOwner.acquire(dataDir);
    held.tell(() => ({ logIdentity: 'a', endOffset: 17, databaseUrl: 'postgres://here' }));
    process.stdout.write('owner\n');
  } catch (error) {
    process.stdout.write(`${error.code}: ${error.message}\n`);
  }
}
