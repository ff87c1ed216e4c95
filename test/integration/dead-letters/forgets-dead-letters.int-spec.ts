import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { claimDeadLetter } from '../../../src/dead-letters/claims.js';
import {
  forgetDeadLetters,
  resolveCorrections,
  storeDeadLetters,
} from '../../../src/dead-letters/dead-letters.port.js';
import { LoadHarness } from '../processor/load-harness.js';

const LOG = '11111111-1111-4111-8111-111111111111';
const LETTER = { offset: 7, length: 1, bytes: Buffer.from('x'), code: 'INVALID_JSON', message: '' };
const CLAIM = { logId: LOG, offset: '7', event: '{}', claimedBy: LOG };

let harness: LoadHarness;
beforeAll(async () => void (harness = await LoadHarness.create()));
afterAll(() => harness.remove());

test('a load from the start and a claim that is made again wait for each other, and do not deadlock', async () => {
  const { manager } = harness.dataSource;
  await storeDeadLetters(manager, LOG, [LETTER]);
  await claimDeadLetter(manager, CLAIM);
  const [first, second] = [await harness.connect(), await harness.connect()];
  const claiming = first.createQueryRunner();
  await claiming.startTransaction();
  // The first half of what a claim does.
  await claiming.query('select from resubmissions for update');
  const loading = second.transaction(async (inner) => {
    await forgetDeadLetters(inner, LOG);
    const correction = { deadLetter: { logId: LOG, offset: 7 }, offset: 100, event: '{}' };
    const counting = await resolveCorrections(inner, LOG, [correction]);
    await storeDeadLetters(inner, LOG, [LETTER]);
    return [...counting];
  });
  await harness.untilBlocked(1);
  await claiming.query(`update dead_letters set state = 'claimed'`);
  await claiming.commitTransaction();
  await claiming.release();
  expect(await loading).toEqual([100]);
  expect(await harness.deadLetters()).toMatchObject([{ offset: '7', state: 'resolved' }]);
});
