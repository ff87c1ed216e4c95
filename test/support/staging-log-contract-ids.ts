import { describe, expect, it } from '@jest/globals';
import { accepting, appendAll, readNumbers, record } from './staging-log-reading.js';
import type { ContractContext } from './staging-log-under-test.js';

/** Ids of every kind that senders have thought of. */
const STRANGE_IDS = [
  ...['', '__proto__', 'constructor', '0', ' ', '"', '\\', '\\"', '"}', 'a","id":"b'],
  ...['\n', '\r\n', '\u2028', '\u0000', 'ü', '€', '😀', '\ufeff', '\ufffd', 'x'.repeat(10_000)],
];

export function registerIdTests({ subject, log, reopen }: ContractContext): void {
  describe('an id that comes again', () => {
    it('is a duplicate with the same payload, and reused with another', async () => {
      expect(await appendAll(log(), record(1, 'a'))).toEqual(['appended']);
      expect(await appendAll(log(), record(1, 'a'))).toEqual(['duplicate']);
      expect(await appendAll(log(), record(2, 'a'))).toEqual(['id-reused']);
      expect(await appendAll(log(), record(1, 'a'), record(3, 'b'))).toEqual([
        'duplicate',
        'appended',
      ]);
      expect(await readNumbers(log())).toEqual([1, 3]);
    });

    it('is recognised within one call', async () => {
      const outcomes = await appendAll(log(), record(1, 'a'), record(1, 'a'), record(2, 'a'));
      expect(outcomes).toEqual(['appended', 'duplicate', 'id-reused']);
      expect(await readNumbers(log())).toEqual([1]);
    });

    it('is recognised beside records without one, and whatever else stands in the call', async () => {
      const ids = ['plain', 'a"b', undefined, '\\', 'é', undefined, undefined, 'x'];
      // Each kind of neighbours, and so many without ids that they are not looked at in one go.
      const mixed = ids.flatMap((id) => ids.map((next) => [id, next])).flat();
      const records = mixed.map((id, n) => record(n, id === undefined ? undefined : `${id} ${n}`));
      const many = Array.from({ length: 6_000 }, (_, n) => record(1_000 + n));
      const all = [...records, ...many, record(9_000, 'last'), ...many, record(9_001, 'la"st')];
      const fresh = all.map(() => 'appended');
      expect(await appendAll(log(), ...all)).toEqual(fresh);
      const again = all.map(({ id }) => (id === undefined ? 'appended' : 'duplicate'));
      expect(await appendAll(log(), ...all)).toEqual(again);
    });

    it('is recognised among concurrent calls', async () => {
      const same = Array.from({ length: 50 }, () => appendAll(log(), record(1, 'a')));
      const other = Array.from({ length: 50 }, () => appendAll(log(), record(2, 'a')));
      const outcomes = (await Promise.all([...same, ...other])).flat();
      expect(outcomes.slice(0, 50).sort()).toEqual(['appended', ...Array(49).fill('duplicate')]);
      expect(outcomes.slice(50)).toEqual(Array(50).fill('id-reused'));
      expect(await readNumbers(log())).toEqual([1]);
    });

    it('is recognised after opening again, whatever the id', async () => {
      const records = STRANGE_IDS.map((id, n) => record(n, id));
      expect(await appendAll(log(), ...records)).toEqual(STRANGE_IDS.map(() => 'appended'));
      for (let pass = 0; pass < 2; pass++) {
        expect(await appendAll(log(), ...records)).toEqual(STRANGE_IDS.map(() => 'duplicate'));
        const others = STRANGE_IDS.map((id, n) => record(n + 1, id));
        expect(await appendAll(log(), ...others)).toEqual(STRANGE_IDS.map(() => 'id-reused'));
        await reopen();
      }
      expect(await readNumbers(log())).toEqual(STRANGE_IDS.map((_, n) => n));
    });

    it('is answered only when the first is durable', async () => {
      const gate = subject().holdSyncs();
      const first = log().append([record(1, 'a')]);
      await gate.reached;
      const answered: string[] = [];
      const again = [record(1, 'a'), record(2, 'a')].map(async (one) => {
        answered.push(...(await appendAll(log(), one)));
      });
      await new Promise((resolve) => setTimeout(resolve, 50));
      expect(answered).toEqual([]);
      gate.open();
      await Promise.all([first, ...again]);
      expect(answered.sort()).toEqual(['duplicate', 'id-reused']);
    });

    it('means nothing without an id', async () => {
      expect(await appendAll(log(), record(1), record(1))).toEqual(['appended', 'appended']);
      expect(await appendAll(log(), record(1))).toEqual(['appended']);
    });

    it('is rejected when half a surrogate pair could make it another one', async () => {
      await expect(log().append([record(1, 'a\ud800')])).rejects.toThrow(TypeError);
      await expect(log().append([record(1, '\udc00a')])).rejects.toThrow(TypeError);
    });
  });

  describe('an id whose record was refused', () => {
    it('is new, and so are those of calls that waited for it', async () => {
      subject().failNextSync();
      const refused = await Promise.all([
        log().append([record(1, 'a'), record(2)]),
        log().append([record(1, 'a')]),
        log().append([record(9, 'a'), record(3, 'b')]),
      ]);
      expect(refused.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused']);
      await accepting(log());
      const outcomes = await appendAll(log(), record(4, 'a'), record(5, 'b'));
      expect(outcomes).toEqual(['appended', 'appended']);
      expect(await readNumbers(log())).toEqual([4, 5]);
      expect(await appendAll(await reopen(), record(4, 'a'))).toEqual(['duplicate']);
    });

    it('is new for a call that comes while the first is on its way to fail', async () => {
      const gate = subject().holdSyncs();
      const first = log().append([record(1, 'a')]);
      await gate.reached;
      const second = log().append([record(1, 'a')]);
      subject().failNextSync();
      const third = log().append([record(2, 'b')]);
      gate.open();
      // The first sync was only slow; the third call's fails, and the second one's needs none.
      expect((await first).kind).toBe('durable');
      const kinds = [(await second).kind, (await third).kind];
      expect(kinds[1]).toBe('refused');
      await accepting(log());
      expect(await appendAll(log(), record(1, 'a'))).toEqual(['duplicate']);
      expect(await appendAll(log(), record(3, 'b'))).toEqual(['appended']);
      expect(await readNumbers(log())).toEqual([1, 3]);
    });
  });

  describe('an id beyond the window', () => {
    it('is new again when it is too old', async () => {
      await reopen({ dedupeWindowSeconds: 60 });
      await appendAll(log(), record(1, 'old'));
      subject().passTime(30_000);
      await appendAll(log(), record(2, 'young'));
      subject().passTime(32_000);
      expect(await appendAll(log(), record(2, 'young'))).toEqual(['duplicate']);
      expect(await appendAll(log(), record(3, 'old'))).toEqual(['appended']);
      expect(await appendAll(log(), record(3, 'old'))).toEqual(['duplicate']);
    });

    it('is new again after opening again, when the records behind it tell that it is too old', async () => {
      await reopen({ dedupeWindowSeconds: 60 });
      for (let n = 0; n < 15; n++) {
        await appendAll(log(), record(n, `id ${n}`));
        subject().passTime(5_000);
      }
      await reopen({ dedupeWindowSeconds: 60 });
      expect(await appendAll(log(), record(4, 'id 4'))).toEqual(['duplicate']);
      expect(await appendAll(log(), record(1, 'id 1'))).toEqual(['appended']);
    });

    it('is new again when too many came after it', async () => {
      await reopen({ dedupeIdsMax: 2 });
      await appendAll(log(), record(1, 'a'), record(2, 'b'), record(3, 'c'));
      expect(await appendAll(log(), record(2, 'b'), record(3, 'c'))).toEqual(
        Array(2).fill('duplicate'),
      );
      expect(await appendAll(log(), record(4, 'a'))).toEqual(['appended']);
    });

    it('is never remembered when no ids are to be', async () => {
      await reopen({ dedupeIdsMax: 0 });
      expect(await appendAll(log(), record(1, 'a'))).toEqual(['appended']);
      expect(await appendAll(log(), record(2, 'a'))).toEqual(['appended']);
    });
  });
}
