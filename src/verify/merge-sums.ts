import { compareUtf8 } from './compare-utf8.js';
import type { SortedSums, UserSum } from './user-sum.js';

const PAGE_USERS = 1_000;

/** Adds up sources, user by user. Keeps one page of each in memory. */
export function mergeSums(sources: readonly SortedSums[]): SortedSums {
  return () => merge(sources);
}

async function* merge(sources: readonly SortedSums[]): AsyncGenerator<readonly UserSum[]> {
  const opened = sources.map((source) => new SumCursor(source()));
  try {
    let cursors: SumCursor[] = [];
    for (const cursor of opened) if (await cursor.fill()) cursors.push(cursor);
    let page: UserSum[] = [];
    while (cursors.length > 0) {
      const userId = leastOf(cursors);
      let sum = 0n;
      for (const cursor of cursors) {
        if (cursor.head?.userId !== userId) continue;
        sum += cursor.head.sum;
        cursor.step();
        if (cursor.head === undefined && !(await cursor.fill())) {
          cursors = cursors.filter((other) => other !== cursor);
        }
      }
      page.push({ userId, sum });
      if (page.length < PAGE_USERS) continue;
      yield page;
      page = [];
    }
    if (page.length > 0) yield page;
  } finally {
    for (const cursor of opened) await cursor.close();
  }
}

function leastOf(cursors: readonly SumCursor[]): string {
  const [first, ...others] = cursors.map(({ head }) => head?.userId ?? '');
  return others.reduce((least, id) => (compareUtf8(id, least) < 0 ? id : least), first ?? '');
}

/** A place in sorted sums. */
export class SumCursor {
  /** Undefined at the end of a page, until `fill`. */
  head: UserSum | undefined;
  private page: readonly UserSum[] = [];
  private index = 0;

  constructor(private readonly pages: AsyncGenerator<readonly UserSum[]>) {}

  step(): void {
    this.index += 1;
    this.head = this.page[this.index];
  }

  /** Goes to the next page. False when there is none. */
  async fill(): Promise<boolean> {
    do {
      const result = await this.pages.next();
      if (result.done === true) return false;
      this.page = result.value;
    } while (this.page.length === 0);
    this.index = 0;
    this.head = this.page[0];
    return true;
  }

  async close(): Promise<void> {
    await this.pages.return(undefined);
  }
}
