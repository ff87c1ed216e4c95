import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { existsSync } from 'node:fs';
import type { OpenedIds } from '../../../src/staging-log/ids/open-id-register.js';
import { systemError, type FileCall } from '../../support/staging-log-faults.js';
import { LaidLog } from './remembers-ids-support.js';

const BOUNDS = { idsMax: 1_000, windowSeconds: 3_600 };
const START_MS = 1_763_800_000_000;
const SEGMENTS = 4;
const IDS_EACH = 3;

let log: LaidLog;

beforeEach(async () => {
  log = await LaidLog.create();
  for (let segment = 0; segment < SEGMENTS; segment++) {
    const numbers = Array.from({ length: IDS_EACH }, (_, n) => segment * IDS_EACH + n);
    log.add(numbers.map((n) => ({ timestamp: START_MS + n, id: `${n}`, payload: `{"n":${n}}` })));
  }
});

afterEach(() => log.remove());

/** Which numbers of ids are known. */
function known({ index, now }: OpenedIds): number[] {
  const all = Array.from({ length: SEGMENTS * IDS_EACH }, (_, n) => n);
  return all.filter((n) => index.look(`${n}`, `{"n":${n}}`, now()) === 'duplicate');
}

const ALL = Array.from({ length: SEGMENTS * IDS_EACH }, (_, n) => n);

describe('ids are known', () => {
  it.each<FileCall>(['open', 'read', 'fstat', 'close', 'write', 'fsync', 'rename', 'readdir'])(
    'or the log does not open, whichever %s fails',
    async (call) => {
      // The first file is to be read, the second one written, and the third one replaced.
      await log.writeIds(0, BOUNDS);
      await log.writeIds(2, BOUNDS, Buffer.from('of other hashes.'));
      let refused = 0;
      for (let nth = 1, isReached = true; isReached; nth++) {
        log.files.heal();
        const before = log.files.calls[call];
        log.files.failNext(call, systemError('EIO'), [nth]);
        await log.open(BOUNDS).then(
          (opened) => expect(known(opened)).toEqual(ALL),
          (error: unknown) => {
            refused += 1; // without the key it cannot be told what is known
            expect(error).toMatchObject({ code: 'EIO' });
          },
        );
        isReached = log.files.calls[call] - before >= nth;
        expect(log.files.descriptors.size).toBe(0);
      }
      log.files.heal();
      expect(known(await log.open(BOUNDS))).toEqual(ALL);
      expect(refused).toBe(['open', 'read', 'fstat', 'close'].includes(call) ? 1 : 0);
    },
  );

  it('once a segment can be read again that could not be: no file without them was made', async () => {
    log.torn.add(1);
    const some = ALL.filter((n) => n !== 2 * IDS_EACH - 1);
    expect(known(await log.open(BOUNDS))).toEqual(some);
    expect(log.segments.map(({ idsPath }) => existsSync(idsPath))).toEqual([
      ...[true, false, true, false],
    ]);
    expect(log.reports.join('\n')).toMatch(/warn .*parts of the segment cannot be read/);
    log.torn.clear();
    expect(known(await log.open(BOUNDS))).toEqual(ALL);
    expect(existsSync(log.segments[1]!.idsPath)).toBe(true);
  });
});
