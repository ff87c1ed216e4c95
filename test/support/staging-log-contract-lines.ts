import { describe, expect, it } from '@jest/globals';
import { RecordLines } from '../../src/staging-log/record-lines.port.js';
import type { NewRecord, RecordOutcome } from '../../src/staging-log/staging-log.port.js';
import { addToLines, appendAsLines } from './staging-log-lines.js';
import { accepting, appendAll, readNumbers, readTexts, record } from './staging-log-reading.js';
import type { ContractContext } from './staging-log-under-test.js';

/** Records that come as lines of bytes. What is promised is what `append` promises. */
export function registerLineTests({ subject, log, reopen }: ContractContext): void {
  async function append(...records: readonly NewRecord[]): Promise<readonly RecordOutcome[]> {
    const result = await appendAsLines(log(), records);
    if (result.kind === 'refused') throw new Error(`refused: ${result.code} ${result.message}`);
    return result.outcomes;
  }

  describe('lines', () => {
    it('get the time and the id in front, and keep the payload as it is', async () => {
      subject().setClock(1_763_800_000_123);
      await append(
        { id: 'inv-17:3', payload: '{"userId":"abc", "value": 1.50}' },
        { payload: '{"n":1}' },
        { id: 'ü€😀', payload: '{"n":"ü€😀"}' },
        { id: '"\\\n', payload: '{"n":2}' },
      );
      expect(await readTexts(log())).toEqual([
        '{"timestamp":1763800000123,"id":"inv-17:3","userId":"abc", "value": 1.50}',
        '{"timestamp":1763800000123,"n":1}',
        '{"timestamp":1763800000123,"id":"ü€😀","n":"ü€😀"}',
        '{"timestamp":1763800000123,"id":"\\"\\\\\\n","n":2}',
      ]);
    });

    it.each([7, 999_999_999_999, 1_000_000_000_000, 99_999_999_999_999])(
      'take any time: %d',
      async (now) => {
        subject().setClock(now);
        await append(record(1, 'a'), record(2), record(1, 'a'));
        expect(await readTexts(log())).toEqual([
          `{"timestamp":${now},"id":"a","n":1}`,
          `{"timestamp":${now},"n":2}`,
        ]);
      },
    );

    it('may be none', async () => {
      expect(await append()).toEqual([]);
      expect(log().endOffset()).toBe(0);
    });

    it('may be of any length, and are the same after opening again', async () => {
      const lengths = [1, 511, 512, 65_000, 65_536, 200_000, 1_000_000];
      const records = lengths.map((length, n) => ({
        id: `${'i'.repeat(Math.min(length, 3_000))}${n}`,
        payload: `{"n":${n},"fill":"${'€'.repeat(length / 3)}"}`,
      }));
      expect(await append(...records)).toEqual(lengths.map(() => 'appended'));
      await reopen();
      expect(await append(...records, record(9))).toEqual([
        ...lengths.map(() => 'duplicate'),
        'appended',
      ]);
      expect(await readNumbers(log())).toEqual([...lengths.keys(), 9]);
    });

    it('are cleared and used again, in turns with others', async () => {
      const three = Array.from({ length: 3 }, () => new RecordLines());
      const numbers: number[] = [];
      for (let round = 0; round < 10; round++) {
        const results = three.map((lines, at) => {
          lines.clear();
          const own = Array.from({ length: round * 10 }, (_, n) => (at * 10 + round) * 1000 + n);
          numbers.push(...own);
          const records = own.map((n) => record(n, n % 2 === 0 ? `id ${n}` : undefined));
          return log().appendLines(addToLines(lines, records, '€'));
        });
        for (const result of await Promise.all(results)) {
          expect(result.kind === 'durable' && new Set(result.outcomes).has('duplicate')).toBe(
            false,
          );
        }
      }
      expect(await readNumbers(log())).toEqual(numbers);
    });

    it('are refused with all that they hold, and their ids are new then', async () => {
      await append(record(1, 'a'));
      subject().failNextSync();
      const refused = await Promise.all([
        appendAsLines(log(), [record(1, 'a'), record(2, 'b'), record(3)]),
        log().append([record(2, 'b'), record(4, 'c')]),
        appendAsLines(log(), [record(9, 'b'), record(4, 'c')]),
      ]);
      expect(refused.map(({ kind }) => kind)).toEqual(['refused', 'refused', 'refused']);
      await accepting(log());
      expect(await append(record(1, 'a'), record(5, 'b'), record(6, 'c'))).toEqual([
        ...['duplicate', 'appended', 'appended'],
      ]);
      expect(await readNumbers(await reopen())).toEqual([1, 5, 6]);
    });

    it('count among what waits for the disk', async () => {
      await reopen({ appendQueueBytesMax: 200 });
      const large = appendAsLines(
        log(),
        Array.from({ length: 50 }, (_, n) => record(n)),
      );
      expect(await appendAsLines(log(), [record(50)])).toMatchObject({ code: 'QUEUE_FULL' });
      expect((await large).kind).toBe('durable');
      expect(log().health().kind).toBe('accepting');
    });

    it('are taken no more by a log that is closed', async () => {
      await log().close();
      expect(await appendAsLines(log(), [record(1)])).toMatchObject({ code: 'LOG_CLOSED' });
    });
  });

  describe('an id in lines', () => {
    it('is recognised within one call, and what is not appended is cut out', async () => {
      const outcomes = await append(
        ...[record(0, 'a'), record(0, 'a'), record(1), record(2, 'a'), record(3, '"'), record(4)],
        ...[record(3, '"'), record(5, 'b'), record(0, 'a'), record(6, '"')],
      );
      expect(outcomes).toEqual([
        ...['appended', 'duplicate', 'appended', 'id-reused', 'appended', 'appended'],
        ...['duplicate', 'appended', 'duplicate', 'id-reused'],
      ]);
      expect(await readNumbers(log())).toEqual([0, 1, 3, 4, 5]);
    });

    it('is recognised among concurrent calls, in whatever form they come', async () => {
      const calls = Array.from({ length: 60 }, (_, n) => {
        const records = [record(n % 2, 'a'), record(7, `id ${n % 20}`)];
        return n % 3 === 0 ? appendAll(log(), ...records) : append(...records);
      });
      const outcomes = await Promise.all(calls);
      expect(outcomes.map(([first]) => first)).toEqual([
        'appended',
        ...Array.from({ length: 59 }, (_, n) => (n % 2 === 0 ? 'id-reused' : 'duplicate')),
      ]);
      expect(outcomes.map(([, second]) => second)).toEqual([
        ...Array<RecordOutcome>(20).fill('appended'),
        ...Array<RecordOutcome>(40).fill('duplicate'),
      ]);
      expect(await readNumbers(log())).toEqual([0, ...Array<number>(20).fill(7)]);
    });

    it('is answered only when the first is durable', async () => {
      const gate = subject().holdSyncs();
      const first = append(record(1, 'a'));
      await gate.reached;
      const answered: RecordOutcome[] = [];
      const again = [record(1, 'a'), record(2, 'a')].map(async (one) => {
        answered.push(...(await append(one)));
      });
      for (let turns = 0; turns < 10; turns++) await new Promise(setImmediate);
      expect(answered).toEqual([]);
      gate.open();
      await Promise.all([first, ...again]);
      expect(answered.sort()).toEqual(['duplicate', 'id-reused']);
    });

    it('is known of thousands in one call', async () => {
      const records = Array.from({ length: 5_000 }, (_, n) =>
        record(n, n % 3 === 0 ? undefined : `${n}`),
      );
      expect(new Set(await append(...records))).toEqual(new Set(['appended']));
      const again = await append(...records);
      expect(again).toEqual(records.map(({ id }) => (id === undefined ? 'appended' : 'duplicate')));
    });
  });
}
