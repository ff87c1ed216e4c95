import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { testSeed } from '../support/seeded-random.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

const RUN_FUZZ = join(import.meta.dirname, '../fuzz/run-fuzz.mjs');
/** `npm run fuzz` tries a million. */
const CASES = Number(process.env['FUZZ_CASES'] ?? 20_000);

let database: TestDatabase;
beforeAll(async () => void (database = await createTestDatabase()));
afterAll(() => database.drop());

it('answers any body at any door as the model says, and stores exactly what it acknowledges', async () => {
  const options = ['--cases', `${CASES}`, '--seed', `${testSeed()}`, '--database', database.url];
  const child = spawn(process.execPath, [RUN_FUZZ, ...options]);
  const output = [text(child.stdout), text(child.stderr)];
  const [code] = (await once(child, 'close')) as [number | null];
  // On a violation it names the seed and the case.
  expect({ code, said: (await Promise.all(output)).join('') }).toEqual({
    code: 0,
    said: expect.stringContaining('all as the model says'),
  });
});
