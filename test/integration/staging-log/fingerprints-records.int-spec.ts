import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { START_OF_LOG, toOffset } from '../../../src/staging-log/staging-log.port.js';
import { appendAll, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
});

afterEach(() => bench.remove());

const KIB_64 = 64 * 1024;

/** Told again from the contract: SHA-256 over the record with its line end, 64 KiB at most. */
const expected = (line: Buffer): string =>
  createHash('sha256').update(line.subarray(-KIB_64)).digest('hex').slice(0, 32);

describe('a fingerprint', () => {
  it('is that of the record before each record end, and of no other offset', async () => {
    const log = await bench.open();
    for (let n = 0; n < 10; n++) await appendAll(log, record(n, `é${n}`));
    const bytes = await bench.bytes();
    const seen = new Set<string>();
    expect(await log.fingerprintBefore(START_OF_LOG)).toBe('');
    expect(await log.compare(START_OF_LOG, '')).toBe('same');
    for (let offset = 1, start = 0; offset <= bytes.length; offset++) {
      const right = expected(bytes.subarray(start, offset));
      if (bytes[offset - 1] !== 0x0a) {
        await expect(log.fingerprintBefore(toOffset(offset))).rejects.toThrow('no record ends');
        expect(await log.compare(toOffset(offset), right)).toBe('different');
        continue;
      }
      const result = await log.fingerprintBefore(toOffset(offset));
      expect(result).toBe(right);
      expect(await log.compare(toOffset(offset), right)).toBe('same');
      expect(await log.compare(toOffset(offset), expected(Buffer.from('x')))).toBe('different');
      seen.add(result);
      start = offset;
    }
    expect(seen.size).toBe(10);
    for (const beyond of [1, 2 ** 31, 2 ** 40]) {
      const offset = toOffset(bytes.length + beyond);
      expect(await log.compare(offset, expected(bytes))).toBe('beyond-end');
    }
  });

  it.each([1, 2, 1023, 1024, 1025, KIB_64 - 1, KIB_64, KIB_64 + 1, 3 * KIB_64])(
    'covers a record of %i bytes, at the start and behind others',
    async (length) => {
      const line = Buffer.from(`${'x'.repeat(length - 1)}\n`);
      const before = Buffer.from('{"timestamp":1,"n":1}\n');
      const log = await bench.openOver(Buffer.concat([line, before, line]));
      const end = log.endOffset();
      expect(await log.fingerprintBefore(toOffset(length))).toEqual(expected(line));
      expect(await log.fingerprintBefore(toOffset(length + 22))).toEqual(expected(before));
      expect(await log.fingerprintBefore(end)).toEqual(expected(line));
    },
  );

  it('differs when any byte of the record does', async () => {
    const line = Buffer.from('{"timestamp":1763800000000,"id":"a","userId":"u","value":10}\n');
    const prints = new Set<string>();
    for (let at = 0; at < line.length - 1; at++) {
      const other = Buffer.from(line);
      other[at] = (other[at] ?? 0) ^ 1;
      const log = await bench.openOver(other);
      prints.add(await log.fingerprintBefore(log.endOffset()));
      await log.close();
    }
    expect(prints.size).toBe(line.length - 1);
  });

  it('is the same after opening again, and after records behind it', async () => {
    const log = await bench.open();
    await appendAll(log, record(1, 'a'));
    const end = log.endOffset();
    const print = await log.fingerprintBefore(end);
    await appendAll(log, record(2));
    expect(await log.fingerprintBefore(end)).toEqual(print);
    await log.close();
    expect(await (await bench.open()).fingerprintBefore(end)).toEqual(print);
  });
});
