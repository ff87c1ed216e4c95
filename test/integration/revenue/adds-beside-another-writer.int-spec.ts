import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { applyDeltas } from '../../../src/revenue/revenue.port.js';
import { LoadHarness } from '../processor/load-harness.js';

describe('adding to a balance that another transaction changes at the same time', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  test.each([
    ['commit', '1000', '1111'],
    ['rollback', '1000', '1011'],
    ['commit', null, '111'],
    ['rollback', null, '11'],
  ])('waits for its %s and then adds, to a balance of %s', async (end, balance, expected) => {
    if (balance !== null) {
      await applyDeltas(harness.dataSource.manager, [{ userId: 'abc', delta: balance }]);
    }
    const other = harness.dataSource.createQueryRunner();
    try {
      await other.startTransaction();
      await applyDeltas(other.manager, [{ userId: 'abc', delta: '100' }]);
      const adding = harness.dataSource.transaction((manager) =>
        applyDeltas(manager, [{ userId: 'abc', delta: '11' }]),
      );
      await harness.untilBlocked(1);
      await (end === 'commit' ? other.commitTransaction() : other.rollbackTransaction());
      await adding;
    } finally {
      await other.release();
    }
    expect(await harness.balances()).toEqual({ abc: expected });
  });
});
