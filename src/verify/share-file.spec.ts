import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { encodeHours, openShare, ShareError } from './share-file.js';
import type { SortedSums } from './user-sum.js';

const HOURS = new Map([
  [0, 5n],
  [489_950, -7_000_005n],
  [2_501_999_792, 123_456_789_012_345_678_901_234n],
]);
const HOURS_LINE = encodeHours(HOURS).toString().trimEnd();
const HEADER = {
  version: 2,
  identity: '11111111-1111-4111-8111-111111111111',
  offset: 1_000,
  fingerprint: '0123456789abcdef0123456789abcdef',
  events: 12,
  deadLetters: 1,
  users: 3,
  hours: 3,
  hoursBytes: HOURS_LINE.length + 1,
};
/** Of a share without any. */
const NOTHING = { ...HEADER, users: 0, hours: 0, hoursBytes: 3 };
const SUMS = ['["a","0.1"]', '["\uFFFD","-7"]', '["\u{1F600}","0"]'];
const LINES = [HOURS_LINE, ...SUMS];

/** A file as it is written, with a checksum that matches. */
function encode(header: unknown, lines: readonly string[]): Buffer {
  const first = typeof header === 'string' ? header : JSON.stringify(header);
  const body = Buffer.from([first, ...lines].map((line) => `${line}\n`).join(''));
  const crc = `${crc32(body).toString(16).padStart(8, '0')}\n`;
  return Buffer.concat([body, Buffer.from(crc)]);
}

async function collect(sums: SortedSums): Promise<unknown[]> {
  const all: unknown[] = [];
  for await (const page of sums()) all.push(...page);
  return all;
}

const USERS = [
  { userId: 'a', sum: 100_000n },
  { userId: '\uFFFD', sum: -7_000_000n },
  { userId: '\u{1F600}', sum: 0n },
];

describe('a share file', () => {
  let directory: string;
  let path: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), 'revenue-etl-spec-'));
    path = join(directory, 'a.share');
  });
  afterAll(() => rm(directory, { recursive: true }));

  const refusal = async (bytes: Buffer | string): Promise<unknown> => {
    await writeFile(path, bytes);
    return openShare(path).then(
      (share) => share.close(),
      (error: unknown) => error,
    );
  };

  test('is read, as often as one likes', async () => {
    await writeFile(path, encode(HEADER, LINES));
    const share = await openShare(path);
    expect(share).toMatchObject(HEADER);
    expect(share.hourSums).toEqual(HOURS);
    for (let i = 0; i < 2; i++) expect(await collect(share.sums)).toEqual(USERS);
    await share.close();
  });

  test('is read to its end when it is removed or replaced meanwhile, until it is closed', async () => {
    await writeFile(path, encode(HEADER, LINES));
    const share = await openShare(path);
    await rm(path);
    expect(await collect(share.sums)).toEqual(USERS);
    await writeFile(path, encode(NOTHING, ['[]']));
    expect(await collect(share.sums)).toEqual(USERS);
    await share.close();
    await expect(collect(share.sums)).rejects.toThrow();
  });

  test('without users is read, too', async () => {
    await writeFile(path, encode(NOTHING, ['[]']));
    const share = await openShare(path);
    expect(share.users).toBe(0);
    expect(await collect(share.sums)).toEqual([]);
    expect(share.hourSums.size).toBe(0);
    await share.close();
  });

  test('of more hours than are read at once is read, too', async () => {
    const many = new Map(Array.from({ length: 10_000 }, (_, n) => [n * 7, BigInt(n) ** 7n]));
    const line = encodeHours(many).toString().trimEnd();
    const header = { ...HEADER, hours: 10_000, hoursBytes: line.length + 1 };
    await writeFile(path, encode(header, [line, ...SUMS]));
    const share = await openShare(path);
    expect(share.hourSums).toEqual(many);
    expect(await collect(share.sums)).toEqual(USERS);
    await share.close();
  });

  test('is refused with any byte changed, and cut off anywhere', async () => {
    const whole = encode(HEADER, LINES);
    for (let index = 0; index < whole.length; index++) {
      const changed = Buffer.from(whole);
      changed[index] = (changed[index] ?? 0) ^ 0x01;
      expect(await refusal(changed)).toBeInstanceOf(ShareError);
      expect(await refusal(whole.subarray(0, index))).toBeInstanceOf(ShareError);
    }
  });

  test.each([
    [1, SUMS],
    [3, LINES],
  ])('of version %s is refused by its version, with the remedy', async (version, lines) => {
    const error = await refusal(encode({ ...HEADER, version }, lines));
    const remedy = `version ${version} of a share file, .* write it again`;
    expect(error).toHaveProperty('message', expect.stringMatching(remedy));
    expect(error).toHaveProperty('code', 'SHARE_INVALID');
  });

  test.each([
    ['hours out of order', '[["2","1"],["1","1"]]', 2],
    ['an hour twice', '[["1","1"],["1","1"]]', 2],
    ['an hour before 1970', '[["-1","1"]]', 1],
    ['an hour that is a number', '[[1,"1"]]', 1],
    ['an hour of another spelling', '[["01","1"]]', 1],
    ['an hour beyond all timestamps', '[["2501999793","1"]]', 1],
    ['a sum of an hour that is none', '[["1","1e3"]]', 1],
    ['a sum of an hour that is finer than an event can be', '[["1","0.0000001"]]', 1],
    ['an hour with more than a sum', '[["1","1","1"]]', 1],
    ['fewer hours than it tells of', '[["1","1"]]', 2],
    ['hours in an object', '{"1":"1"}', 1],
    ['hours that are no JSON', '[["1","1"]', 1],
  ])('with %s is refused, whatever its checksum says', async (_what, line, hours) => {
    const header = { ...HEADER, hours, hoursBytes: line.length + 1 };
    const error = await refusal(encode(header, [line, ...SUMS]));
    expect(error).toBeInstanceOf(ShareError);
    expect(error).toHaveProperty('message', expect.stringContaining(path));
  });

  test.each([0, -1, 1, HEADER.hoursBytes - 1, HEADER.hoursBytes + 1, 1_000, 2 ** 50, '64', null])(
    'whose hours are told to take %s bytes is refused',
    async (hoursBytes) => {
      expect(await refusal(encode({ ...HEADER, hoursBytes }, LINES))).toBeInstanceOf(ShareError);
    },
  );

  test.each<[string, unknown, readonly string[]]>([
    ['users out of order', HEADER, [HOURS_LINE, ...[...SUMS].reverse()]],
    ['a user twice', HEADER, [HOURS_LINE, SUMS[0]!, SUMS[0]!, SUMS[1]!]],
    ['fewer users than it tells of', HEADER, [HOURS_LINE, ...SUMS.slice(1)]],
    ['a sum that is none', HEADER, [HOURS_LINE, '["a","one"]', ...SUMS.slice(1)]],
    [
      'a sum that is finer than an event can be',
      HEADER,
      [HOURS_LINE, '["a","0.0000001"]', ...SUMS.slice(1)],
    ],
    ['a line that is none', HEADER, [HOURS_LINE, 'a', ...SUMS.slice(1)]],
    ['no identity', { ...HEADER, identity: 'x' }, LINES],
    ['a negative offset', { ...HEADER, offset: -1 }, LINES],
    ['events that are text', { ...HEADER, events: '12' }, LINES],
    ['no fingerprint', { ...HEADER, fingerprint: null }, LINES],
    ['a first line that is none', 'share', LINES],
    ['null for a first line', 'null', LINES],
  ])('with %s is refused, whatever its checksum says', async (_what, header, lines) => {
    const error = await refusal(encode(header, lines));
    expect(error).toBeInstanceOf(ShareError);
    expect(error).toHaveProperty('message', expect.stringContaining(path));
  });

  test('that cannot be read is not judged', async () => {
    await rm(path);
    await expect(openShare(path)).rejects.toMatchObject({ code: 'ENOENT' });
    await mkdir(path);
    await expect(openShare(path)).rejects.toMatchObject({ code: 'EISDIR' });
  });
});
