import { createReadStream } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compareUtf8 } from './compare-utf8.js';
import { mergeSums } from './merge-sums.js';
import { encodeSums, readSums } from './sum-lines.js';
import type { CountedSums, SortedSums, UserSum } from './user-sum.js';

const PAGE_USERS = 1_000;
/** Each file is open while they are merged. */
const FILES_MAX = 16;

interface SumsFile extends CountedSums {
  readonly path: string;
}

/**
 * One exact sum per user, of any number of users: what is more than fits goes to sorted files in a
 * directory of its own, until `dispose`.
 */
export class UserSums {
  private readonly inMemory = new Map<string, bigint>();
  private files: SumsFile[] = [];
  private filesWritten = 0;
  private directory: string | null = null;

  /**
   * @param usersMax so many are kept in memory; each takes about 150 bytes.
   * @param parent of the directory that is made when there are more.
   */
  constructor(
    private readonly usersMax: number,
    private readonly parent = tmpdir(),
  ) {}

  add(userId: string, amount: bigint): void {
    this.inMemory.set(userId, (this.inMemory.get(userId) ?? 0n) + amount);
  }

  /** To be called now and then while adding. */
  async makeRoom(): Promise<void> {
    if (this.inMemory.size < this.usersMax) return;
    const sums = sorted(this.inMemory);
    this.files.push(await this.write(sums));
    this.inMemory.clear();
    if (this.files.length < FILES_MAX) return;
    const merged = await this.write(mergeSums(this.files.map((file) => file.sums)));
    for (const { path } of this.files) await rm(path);
    this.files = [merged];
  }

  /** All of them, as they are now. */
  sources(): CountedSums[] {
    return [...this.files, { users: this.inMemory.size, sums: sorted(this.inMemory) }];
  }

  async dispose(): Promise<void> {
    if (this.directory !== null) await rm(this.directory, { recursive: true, force: true });
  }

  private async write(sums: SortedSums): Promise<SumsFile> {
    this.directory ??= await mkdtemp(join(this.parent, 'revenue-etl-sums-'));
    this.filesWritten += 1;
    const path = join(this.directory, String(this.filesWritten));
    const users = await writeSums(path, sums);
    return { path, users, sums: readFrom(path) };
  }
}

/** @returns of how many users. */
async function writeSums(path: string, sums: SortedSums): Promise<number> {
  let users = 0;
  const counted: SortedSums = async function* () {
    for await (const page of sums()) {
      users += page.length;
      yield page;
    }
  };
  await writeFile(path, encodeSums(counted));
  return users;
}

/** Apart from whoever wrote it: a closure there would keep the users alive that are in the file now. */
const readFrom = (path: string): SortedSums =>
  readSums((): AsyncIterable<Buffer> => createReadStream(path));

/** Of the users as they are when it is asked for. */
function sorted(sums: ReadonlyMap<string, bigint>): SortedSums {
  const users = Array.from(sums, ([userId, sum]): UserSum => ({ userId, sum })).sort((a, b) =>
    compareUtf8(a.userId, b.userId),
  );
  return async function* () {
    for (let index = 0; index < users.length; index += PAGE_USERS) {
      yield await Promise.resolve(users.slice(index, index + PAGE_USERS));
    }
  };
}
