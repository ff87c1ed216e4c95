import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { storeDeadLetters } from '../../../src/dead-letters/dead-letters.port.js';
import { reloadRange } from '../../../src/processor/processor.port.js';
import { toOffset } from '../../../src/staging-log/staging-log.port.js';
import { verifyBalances } from '../../../src/verify/verify.port.js';
import { DamagedReader } from './damaged-reader.js';
import { LoadHarness, recordLine } from './load-harness.js';

const line = recordLine('abc', 1);
const AT = line.length;
const bad = 'poison'.padEnd(AT - 1, '.') + '\n';
const OTHER_LOG = '11111111-1111-4111-8111-111111111111';

describe('a log that is loaded again from its start, beside its dead letters of before', () => {
  let harness: LoadHarness;
  let log: DamagedReader;
  beforeAll(async () => void (harness = await LoadHarness.create()));
  beforeEach(() => harness.reset());
  afterAll(() => harness.remove());

  /** Records of one length; a `!` is one that is none. */
  async function load(records: string): Promise<void> {
    const bytes = Array.from(records, (kind) => (kind === '!' ? bad : line)).join('');
    log = new DamagedReader(await harness.openLogWith(bytes));
    await harness.processor(log).runOnce();
  }

  async function loadAgain(...damage: (readonly [from: number, to: number])[]): Promise<void> {
    await harness.dataSource.query('truncate users_revenue, load_checkpoint');
    log.damage = damage.map(([from, to]) => ({ from: from * AT, to: to * AT }));
    await harness.processor(log).runOnce();
    log.damage = [];
  }

  const letters = async (): Promise<string[]> =>
    (await harness.deadLetters()).map(
      ({ offset, length, code, state }) =>
        `${Number(offset) / AT}+${Number(length) / AT} ${code} ${state}`,
    );
  const reload = async (): Promise<string> => {
    const [from, to] = [toOffset(0), log.endOffset()];
    const { dataSource, directory: dataDir } = harness;
    return (await reloadRange({ dataSource, log, dataDir, from, to })).kind;
  };
  const verify = async (): Promise<string> => {
    const [refresh, onProgress] = [() => Promise.resolve(), () => undefined];
    return (await verifyBalances({ dataSource: harness.dataSource, log, refresh, onProgress }))
      .kind;
  };

  test.each([
    ['begins with', '!.........'],
    ['holds', '.!........'],
    ['ends with', '..!.......'],
    ['is all but', '!!.!......'],
  ])('quarantines a range that %s records which were dead letters', async (_how, records) => {
    await load(records);
    const before = [await harness.balances(), await letters()];
    await loadAgain([0, 3]);
    const outside = (before[1] as string[]).filter((letter) => letter.startsWith('3'));
    expect(await letters()).toEqual(['0+3 BLOCK_CORRUPT open', ...outside]);
    expect(await reload()).toBe('reloaded');
    expect(await harness.balances()).toEqual(before[0]);
    expect((await letters()).filter((letter) => !letter.endsWith('reloaded'))).toEqual(before[1]);
    expect([await verify(), await reload()]).toEqual(['exact', 'nothing-to-reload']);
  });

  test('gives each of them the state that its correction has', async () => {
    await load('!!!');
    await harness.dataSource.query(
      `insert into resubmissions (log_id, "offset", event, loaded_log_id, loaded_offset, loaded_at)
       values ($1, 0, '{}', $3, 5, now()), ($1, $2, '{}', null, null, null)`,
      [log.identity, AT, OTHER_LOG],
    );
    await harness.dataSource.query(`update dead_letters set state = 'of before'`);
    await loadAgain();
    const states = (await letters()).map((letter) => letter.split(' ').at(-1));
    expect(states).toEqual(['resolved', 'claimed', 'open']);
  });

  test('leaves those of another log as they are', async () => {
    const letter = { offset: 0, length: 1, bytes: Buffer.from('x'), code: 'X', message: 'why' };
    await storeDeadLetters(harness.dataSource.manager, OTHER_LOG, [letter]);
    await load('!');
    await loadAgain();
    expect((await harness.deadLetters()).map(({ code }) => code).sort()).toEqual([
      'INVALID_JSON',
      'X',
    ]);
  });
});
