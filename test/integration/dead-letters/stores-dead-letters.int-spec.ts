import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { NewDeadLetter } from '../../../src/dead-letters/new-dead-letter.js';
import { storeDeadLetters } from '../../../src/dead-letters/store-dead-letters.js';
import { LoadHarness } from '../processor/load-harness.js';

const LOG = '11111111-1111-4111-8111-111111111111';
const OTHER_LOG = LOG.replaceAll('1', '2');

describe('dead letters are stored', () => {
  let harness: LoadHarness;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  const letter = (more: Partial<NewDeadLetter>): NewDeadLetter => ({
    offset: 7,
    length: 3,
    bytes: Buffer.from('abc'),
    code: 'INVALID_JSON',
    message: 'why',
    ...more,
  });
  const store = (...letters: NewDeadLetter[]): Promise<void> =>
    storeDeadLetters(harness.dataSource.manager, LOG, letters);

  test('with every byte there is, and offsets beyond 32 bits', async () => {
    const bytes = Buffer.from(Array.from({ length: 512 }, (_, index) => index % 256));
    const [offset, length] = [2 ** 53 - 1, 2 ** 40];
    await store(letter({ offset, length, bytes }));
    const [row] = await harness.deadLetters();
    expect(row).toMatchObject({ offset: String(offset), length: String(length), state: 'open' });
    expect(row?.bytes.equals(bytes)).toBe(true);
  });

  test.each([
    ['a NUL', 'before\0after', 'before\uFFFDafter'],
    ['half a surrogate pair', 'before\uD83D', 'before\uFFFD'],
    ['quotes, braces and backslashes', `'"{},\\$1;--`, `'"{},\\$1;--`],
    ['nothing', '', ''],
  ])('whatever the message holds: %s', async (_what, message, stored) => {
    await store(letter({ message }));
    expect(await harness.deadLetters()).toMatchObject([{ message: stored }]);
  });

  test('as they are when they come again, with the state that somebody gave them', async () => {
    await store(letter({}));
    await harness.dataSource.query(`update dead_letters set state = 'resolved'`);
    await store(letter({ message: 'another' }), letter({ offset: 8 }));
    expect(await harness.deadLetters()).toMatchObject([
      { offset: '7', state: 'resolved', message: 'why' },
      { offset: '8', state: 'open' },
    ]);
  });

  test.each(['open', 'claimed', 'resolved', 'reloaded'])(
    'as a range that takes the place of what was stored in it before: %s',
    async (state) => {
      await store(...[6, 7, 8, 16, 17].map((offset) => letter({ offset, length: 1 })));
      await harness.dataSource.query('update dead_letters set state = $1', [state]);
      await storeDeadLetters(harness.dataSource.manager, OTHER_LOG, [letter({ offset: 8 })]);
      const [from, to] = [letter({ code: 'BLOCK_CORRUPT', length: 10 }), letter({ offset: 40 })];
      await store(from, { ...to, code: 'BLOCK_MISSING' });
      const rows: unknown[] = await harness.dataSource.query(
        `select "offset"::int, length::int, code, state from dead_letters
          where log_id = $1 order by "offset"`,
        [LOG],
      );
      expect(rows).toEqual([
        { offset: 6, length: 1, code: 'INVALID_JSON', state },
        { offset: 7, length: 10, code: 'BLOCK_CORRUPT', state: 'open' },
        { offset: 17, length: 1, code: 'INVALID_JSON', state },
        { offset: 40, length: 3, code: 'BLOCK_MISSING', state: 'open' },
      ]);
      expect(await harness.deadLetters()).toHaveLength(5);
    },
  );

  test('apart for each log', async () => {
    await store(letter({}));
    await storeDeadLetters(harness.dataSource.manager, OTHER_LOG, [letter({})]);
    expect(await harness.deadLetters()).toHaveLength(2);
  });

  test('not at all when there are none', async () => {
    await store();
    expect(await harness.deadLetters()).toEqual([]);
  });
});
