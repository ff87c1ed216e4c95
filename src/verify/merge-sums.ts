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
    const queue = new CursorQueue();
    for (const cursor of opened) if (await cursor.fill()) queue.add(cursor);
    let page: UserSum[] = [];
    for (let { first } = queue; first?.head !== undefined; { first } = queue) {
      const { userId } = first.head;
      let sum = 0n;
      for (let next: SumCursor | undefined = first; next?.head?.userId === userId;) {
        sum += next.head.sum;
        next.step();
        if (next.head === undefined && !(await next.fill())) queue.removeFirst();
        else queue.firstMoved();
        next = queue.first;
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

/** Cursors with a head, the one with the least user first: a binary heap. */
class CursorQueue {
  private readonly heap: SumCursor[] = [];

  get first(): SumCursor | undefined {
    return this.heap[0];
  }

  add(cursor: SumCursor): void {
    this.heap.push(cursor);
    for (let index = this.heap.length - 1; index > 0;) {
      const parent = (index - 1) >> 1;
      if (!this.isBefore(index, parent)) return;
      this.swap(index, parent);
      index = parent;
    }
  }

  removeFirst(): void {
    const last = this.heap.pop();
    if (last === undefined || this.heap.length === 0) return;
    this.heap[0] = last;
    this.firstMoved();
  }

  /** To be called when the head of the first one is another. */
  firstMoved(): void {
    for (let index = 0; ;) {
      let least = index;
      for (const child of [2 * index + 1, 2 * index + 2]) {
        if (child < this.heap.length && this.isBefore(child, least)) least = child;
      }
      if (least === index) return;
      this.swap(index, least);
      index = least;
    }
  }

  private isBefore(index: number, other: number): boolean {
    return compareUtf8(this.userAt(index), this.userAt(other)) < 0;
  }

  private userAt(index: number): string {
    return this.heap[index]?.head?.userId ?? '';
  }

  private swap(index: number, other: number): void {
    const [one, two] = [this.heap[index], this.heap[other]];
    if (one === undefined || two === undefined) return;
    this.heap[index] = two;
    this.heap[other] = one;
  }
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
