import { describe, expect, jest, test } from '@jest/globals';
import { nodeLogFiles } from './log-files.js';
import { readLayout, startOf } from './log-layout.js';

const name = (offset: number, extension: string): string =>
  `${String(offset).padStart(20, '0')}.${extension}`;

const layoutOf = (
  names: readonly string[],
  packed: readonly string[] = [],
): ReturnType<typeof readLayout> =>
  readLayout(
    {
      ...nodeLogFiles,
      readdir: (path) => Promise.resolve(path.endsWith('archive') ? [...packed] : [...names]),
    },
    '/nowhere',
  );

describe('the names in the directory of a log', () => {
  test('are put in the order of offsets, however they come', async () => {
    const offsets = [0, 9, 10, 100, 9_007_199_254_740_991];
    const { segments } = await layoutOf(offsets.map((at) => name(at, 'jsonl')).reverse());
    expect(segments).toEqual(offsets.map((first) => ({ first, archived: false })));
  });

  test('tell a segment that is there twice as the plain one, and others as archived', async () => {
    const packed = [name(0, 'jsonl.gz'), name(10, 'jsonl.gz'), name(0, 'sums')];
    const layout = await layoutOf(['archive', name(10, 'jsonl'), name(10, 'sums')], packed);
    expect(layout.segments).toEqual([
      { first: 0, archived: true },
      { first: 10, archived: false },
    ]);
    expect(layout.sums).toEqual([10]);
  });

  test('are not searched through again for each of them', async () => {
    const firsts = Array.from({ length: 3_000 }, (_, n) => n * 1_000);
    const [packed, plain] = [firsts.slice(0, 2_000), firsts.slice(1_000)];
    const names = ['archive', ...plain.map((first) => name(first, 'jsonl'))];
    const archive = packed.map((first) => name(first, 'jsonl.gz'));
    const searches = jest.spyOn(Array.prototype, 'includes');
    const { segments } = await layoutOf(names, archive);
    const searched = searches.mock.contexts.reduce<number>(
      (sum, array) => sum + (array as readonly unknown[]).length,
      0,
    );
    searches.mockRestore();
    expect(segments.filter(({ archived }) => archived)).toHaveLength(1_000);
    expect(segments).toHaveLength(firsts.length);
    expect(searched).toBeLessThanOrEqual(names.length + archive.length);
  });

  test('tell what is unfinished, and nothing of what is not the log’s', async () => {
    const foreign = ['0.jsonl', '.jsonl', `x${name(0, 'jsonl')}`, name(0, 'jsonl.bak'), 'README'];
    const layout = await layoutOf([...foreign, name(0, 'ids.new'), 'archive'], ['a.new']);
    expect(layout).toEqual({
      segments: [],
      shares: [],
      sums: [],
      leftovers: [name(0, 'ids.new'), 'archive/a.new'],
    });
  });

  test('begin where the newest share ends: what is missing behind it is missing', async () => {
    const segments = [name(50, 'jsonl'), name(90, 'jsonl')];
    expect(startOf(await layoutOf(segments))).toBe(0);
    expect(startOf(await layoutOf([...segments, name(40, 'share')]))).toBe(40);
    expect(startOf(await layoutOf([...segments, name(50, 'share')]))).toBe(50);
    expect(startOf(await layoutOf([name(90, 'share')]))).toBe(90);
  });
});
