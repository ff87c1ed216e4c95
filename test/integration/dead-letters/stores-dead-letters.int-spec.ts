import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import type { NewDeadLetter } from '../../../src/dead-letters/new-dead-letter.js';
import { storeDeadLetters } from '../../../src/dead-letters/store-dead-letters.js';
import { LoadHarness } from '../processor/load-harness.js';

const LOG = '11111111-1111-4111-8111-111111111111';

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

  test('apart for each log', async () => {
    await store(letter({}));
    await storeDeadLetters(harness.dataSource.manager, LOG.replaceAll('1', '2'), [letter({})]);
    expect(await harness.deadLetters()).toHaveLength(2);
  });

  test('not at all when there are none', async () => {
    await store();
    expect(await harness.deadLetters()).toEqual([]);
  });
});
