import { afterAll, beforeAll, beforeEach, describe, expect, jest, test } from '@jest/globals';
import { Fold } from '../../../src/processor/fold-records.js';
import { verifyBalances } from '../../../src/verify/verify.port.js';
import { append, LoadHarness } from '../processor/load-harness.js';

describe('verify shares no fold with the load', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  async function loadAndVerify(): Promise<string> {
    const log = await harness.openLog();
    await append(log, ['abc', 0.1], ['abc', 0.2], ['xyz', 7, 'subtract_revenue']);
    await harness.processor(log).runOnce();
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

  test.each<[string, (deltas: ReturnType<Fold['deltas']>) => ReturnType<Fold['deltas']>]>([
    ['loses a user', (deltas) => deltas.slice(1)],
    [
      'turns a sign around',
      (deltas) => deltas.map((d) => ({ ...d, delta: d.delta.replace('-', '') })),
    ],
    [
      'sums in floating point',
      (deltas) => deltas.map((d) => ({ ...d, delta: String(+d.delta + 1e-9) })),
    ],
    [
      'merges users',
      (deltas) => deltas.map((d) => ({ ...d, userId: d.userId[0]!.replace('x', 'a') })).slice(0, 1),
    ],
  ])('so it finds a fold that %s', async (_what, fault) => {
    const original = Fold.prototype.deltas;
    jest.spyOn(Fold.prototype, 'deltas').mockImplementation(function (this: Fold) {
      return fault(original.call(this));
    });
    expect(await loadAndVerify()).toBe('drift');
  });

  test('so it finds a fold that skips records', async () => {
    const original = Fold.prototype.add;
    jest.spyOn(Fold.prototype, 'add').mockImplementation(function (this: Fold, bytes: Buffer) {
      const { unusable } = original.call(this, bytes.subarray(bytes.indexOf('\n') + 1));
      return { unusable, end: bytes.length };
    });
    expect(await loadAndVerify()).toBe('drift');
  });
});
