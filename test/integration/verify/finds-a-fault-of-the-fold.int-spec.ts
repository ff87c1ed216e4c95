import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Fold } from '../../../src/processor/fold/fold-records.js';
import { HourTable } from '../../../src/processor/fold/hour-table.js';
import { UserTable } from '../../../src/processor/fold/user-table.js';
import { verifyBalances } from '../../../src/verify/verify.port.js';
import { append, LoadHarness } from '../processor/load-harness.js';
import { HOURS_FOR_EVER } from './history-harness.js';

const QUARTER_TO_ELEVEN = Date.parse('2025-11-22T10:45:00Z');
/** Of the user that was found first. */
const FIRST_ENTRY = 2;

describe('verify shares no fold with the load', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  async function loadAndVerify(): Promise<string> {
    const log = await harness.openLog('data', { now: () => QUARTER_TO_ELEVEN });
    await append(log, ['abc', 0.1], ['abc', 0.2], ['xyz', 7, 'subtract_revenue']);
    await harness.processor(log, { historyHoursMax: HOURS_FOR_EVER }).runOnce();
    const { kind } = await verifyBalances({
      dataSource: harness.dataSource,
      log,
      refresh: () => Promise.resolve(),
      onProgress: () => undefined,
    });
    return kind;
  }

  test('so it is exact without a fault', async () => {
    expect(await loadAndVerify()).toBe('exact');
  });

  type Add = UserTable['add'];

  test.each<[string, (add: Add) => Add]>([
    [
      'loses an amount',
      (add) => (entry, wholes, micros) => {
        if (wholes === 0) add(entry, wholes, micros);
      },
    ],
    [
      'turns a sign around',
      (add) => (entry, wholes, micros) => {
        add(entry, Math.abs(wholes), micros);
      },
    ],
    [
      'is off by a millionth',
      (add) => (entry, wholes, micros) => {
        add(entry, wholes, micros + 1);
      },
    ],
    [
      'merges users',
      (add) => (_entry, wholes, micros) => {
        add(FIRST_ENTRY, wholes, micros);
      },
    ],
  ])('so it finds a fold that %s', async (_what, fault) => {
    const original = UserTable.prototype.add;
    jest.spyOn(UserTable.prototype, 'add').mockImplementation(function (
      this: UserTable,
      ...amount
    ) {
      fault(original.bind(this))(...amount);
    });
    expect(await loadAndVerify()).toBe('drift');
  });

  test.each<[string, (hours: number) => number]>([
    ['takes the hour after', (hours) => hours + 1],
    ['takes the next hour from its middle on', (hours) => Math.round(hours)],
    ['takes days for hours', (hours) => hours - (hours % 24)],
  ])('so it finds a fold that %s', async (_what, fault) => {
    const original = HourTable.prototype.place;
    jest.spyOn(HourTable.prototype, 'place').mockImplementation(function (this: HourTable, hours) {
      return original.call(this, fault(hours));
    });
    expect(await loadAndVerify()).toBe('drift');
  });

  test('so it finds a fold that skips records', async () => {
    const original = Fold.prototype.add;
    jest.spyOn(Fold.prototype, 'add').mockImplementation(function (this: Fold, window, length) {
      window.bytes.copyWithin(0, window.bytes.indexOf('\n') + 1, length);
      const skipped = length - window.bytes.indexOf('\n') - 1;
      return { ...original.call(this, window, skipped), end: length };
    });
    expect(await loadAndVerify()).toBe('drift');
  });
});
