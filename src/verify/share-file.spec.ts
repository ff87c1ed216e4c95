import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { openShare, ShareError } from './share-file.js';
import type { SortedSums } from './user-sum.js';

const HEADER = {
  version: 1,
  identity: '11111111-1111-4111-8111-111111111111',
  offset: 1_000,
  fingerprint: '0123456789abcdef0123456789abcdef',
  events: 12,
  deadLetters: 1,
  users: 3,
};
const SUMS = ['["a","0.1"]', '["\uFFFD","-7"]', '["\u{1F600}","0"]'];

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
    await writeFile(path, encode(HEADER, SUMS));
    const share = await openShare(path);
    expect(share).toMatchObject(HEADER);
    for (let i = 0; i < 2; i++) expect(await collect(share.sums)).toEqual(USERS);
    await share.close();
  });

  test('is read to its end when it is removed or replaced meanwhile, until it is closed', async () => {
    await writeFile(path, encode(HEADER, SUMS));
    const share = await openShare(path);
    await rm(path);
    expect(await collect(share.sums)).toEqual(USERS);
    await writeFile(path, encode({ ...HEADER, users: 0 }, []));
    expect(await collect(share.sums)).toEqual(USERS);
    await share.close();
    await expect(collect(share.sums)).rejects.toThrow();
  });

  test('without users is read, too', async () => {
    await writeFile(path, encode({ ...HEADER, users: 0 }, []));
    const share = await openShare(path);
    expect(share.users).toBe(0);
    expect(await collect(share.sums)).toEqual([]);
    await share.close();
  });

  test('is refused with any byte changed, and cut off anywhere', async () => {
    const whole = encode(HEADER, SUMS);
    for (let index = 0; index < whole.length; index++) {
      const changed = Buffer.from(whole);
      changed[index] = (changed[index] ?? 0) ^ 0x01;
      expect(await refusal(changed)).toBeInstanceOf(ShareError);
      expect(await refusal(whole.subarray(0, index))).toBeInstanceOf(ShareError);
    }
  });

  test('of another version is refused by its version', async () => {
    const error = await refusal(encode({ ...HEADER, version: 2 }, SUMS));
    expect(error).toHaveProperty('message', expect.stringContaining('version 2'));
    expect(error).toHaveProperty('code', 'SHARE_INVALID');
  });

  test.each<[string, unknown, readonly string[]]>([
    ['users out of order', HEADER, [...SUMS].reverse()],
    ['a user twice', HEADER, [SUMS[0]!, SUMS[0]!, SUMS[1]!]],
    ['fewer users than it tells of', HEADER, SUMS.slice(1)],
    ['a sum that is none', HEADER, ['["a","one"]', ...SUMS.slice(1)]],
    ['a sum that is finer than an event can be', HEADER, ['["a","0.0000001"]', ...SUMS.slice(1)]],
    ['a line that is none', HEADER, ['a', ...SUMS.slice(1)]],
    ['no identity', { ...HEADER, identity: 'x' }, SUMS],
    ['a negative offset', { ...HEADER, offset: -1 }, SUMS],
    ['events that are text', { ...HEADER, events: '12' }, SUMS],
    ['no fingerprint', { ...HEADER, fingerprint: null }, SUMS],
    ['a first line that is none', 'share', SUMS],
    ['null for a first line', 'null', SUMS],
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
