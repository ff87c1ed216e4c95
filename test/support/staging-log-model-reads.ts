import assert from 'node:assert/strict';
import {
  START_OF_LOG,
  toOffset,
  type StagingLogReader,
} from '../../src/staging-log/staging-log.port.js';
import type { LogModel } from './staging-log-model.js';
import { readLines } from './staging-log-reading.js';

/** Reads from a part of the log, in percent, to its end. @throws when that is not what it has. */
export async function compareRead(
  model: LogModel,
  log: StagingLogReader,
  { from, bytesMax }: { readonly from: number; readonly bytesMax: number },
): Promise<void> {
  const index = model.indexOf(from);
  const offset = model.offsetAt(index);
  const lines = await readLines(log, offset, bytesMax);
  const expected = model.records.slice(index).map(({ text }, at) => ({
    ...{ offset: model.offsetAt(index + at), next: model.offsetAt(index + at + 1) },
    ...{ text, oversized: false },
  }));
  assert.deepEqual(lines, expected, 'what is read');
  assert.equal(await log.timestampAt(offset), model.records[index]?.at ?? null, 'the time');
}

/** @throws when the log is not proved to be itself, and others not to be, before a part of it in percent. */
export async function compareProof(
  model: LogModel,
  log: StagingLogReader,
  part: number,
): Promise<void> {
  const index = model.indexOf(part);
  const offset = model.offsetAt(index);
  if (index > 0 && index === model.start) {
    assert.equal(await log.compare(offset, '0'.repeat(32)), 'trimmed');
    return;
  }
  const fingerprint = offset === START_OF_LOG ? '' : model.fingerprint(index - 1);
  assert.equal(await log.fingerprintBefore(offset), fingerprint, 'the fingerprint');
  assert.equal(await log.compare(offset, fingerprint), 'same');
  assert.equal(await log.compare(offset, '0'.repeat(32)), 'different');
  assert.equal(await log.compare(toOffset(log.endOffset() + 1), fingerprint), 'beyond-end');
}
