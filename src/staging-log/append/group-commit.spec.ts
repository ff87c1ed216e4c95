import { describe, expect, it } from '@jest/globals';
import { GroupCommit, type CommitEnd, type CommitTarget } from './group-commit.js';

const MIB = 1024 * 1024;

/** A segment that holds each append until it is told how it ends. */
class HeldSegment implements CommitTarget {
  readonly appended: string[] = [];
  readonly ends: ((error: Error | null) => void)[] = [];
  heals = 0;

  append(bytes: Buffer): Promise<void> {
    this.appended.push(bytes.toString());
    return new Promise((resolve, reject) => {
      this.ends.push((error) => {
        if (error === null) resolve();
        else reject(error);
      });
    });
  }

  /** Resolves when that many appends have begun. */
  async begun(count: number): Promise<void> {
    while (this.appended.length < count) await turn();
  }

  heal(): Promise<void> {
    this.heals += 1;
    return Promise.resolve();
  }
}

function create() {
  const segment = new HeldSegment();
  const failures: string[] = [];
  const commits = new GroupCommit(segment, (error) => void failures.push(error.message));
  const submit = async (text: string, settle?: (end: CommitEnd) => void): Promise<string> => {
    const end = await commits.submit(text, Buffer.byteLength(text), settle);
    return end === null ? 'durable' : end.message;
  };
  return { segment, commits, submit, failures };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the group commit', () => {
  it('writes what came in one turn at once, and what came meanwhile with the next sync', async () => {
    const { segment, submit } = create();
    const first = [submit('a\n'), submit('b\n')];
    await turn();
    const second = ['c\n', '', 'd\n'].map((text) => submit(text));
    await turn();
    expect(segment.appended).toEqual(['a\nb\n']);
    segment.ends[0]?.(null);
    await Promise.all(first);
    await turn();
    expect(segment.appended).toEqual(['a\nb\n', 'c\nd\n']);
    segment.ends[1]?.(null);
    expect(await Promise.all(second)).toEqual(Array(3).fill('durable'));
  });

  it('counts what waits, and each append with the time that the first one of its commit took', async () => {
    const { segment, commits, submit } = create();
    const { appendSeconds } = commits;
    const total = (): number => appendSeconds.counts.reduce((sum, count) => sum + count, 0);
    const first = [submit('a\n'), submit('bb\n')];
    await turn();
    const second = submit('c\n');
    expect([commits.pendingAppends, commits.pendingBytes, total()]).toEqual([3, 7, 0]);
    await new Promise((resolve) => setTimeout(resolve, 15));
    segment.ends[0]?.(null);
    await Promise.all(first);
    expect([commits.pendingAppends, commits.pendingBytes, total()]).toEqual([1, 2, 2]);
    expect(appendSeconds.sum).toBeGreaterThan(2 * 0.014);
    expect([...appendSeconds.counts.slice(0, 6)]).toEqual([0, 0, 0, 0, 0, 0]); // none up to 5 ms
    await turn();
    segment.ends[1]?.(new Error('EIO'));
    await second;
    expect([commits.pendingAppends, total()]).toEqual([0, 2]); // what failed is not durable
  });

  it('writes nothing for nothing', async () => {
    const { segment, submit } = create();
    expect(await submit('')).toBe('durable');
    expect(segment.appended).toEqual([]);
  });

  it('bounds what one sync takes, in order, and lets a single text be larger', async () => {
    const { segment, submit } = create();
    const sizes = [3 * MIB, 3 * MIB, 3 * MIB, 9 * MIB, 1];
    const all = Promise.all(sizes.map((size, n) => submit(`${n}`.repeat(size))));
    for (let at = 0; at < 4; at++) {
      await segment.begun(at + 1);
      segment.ends[at]?.(null);
    }
    await all;
    expect(segment.appended.map((text) => [...new Set(text)].join(''))).toEqual([
      '01',
      '2',
      '3',
      '4',
    ]);
  });

  it('writes texts and bytes in their order, and bytes that are alone without a copy', async () => {
    const { segment, commits } = create();
    const given: Buffer[] = [];
    const { append } = segment;
    segment.append = (bytes) => {
      given.push(bytes);
      return append.call(segment, bytes);
    };
    const all: Promise<CommitEnd>[] = [];
    const rounds = [
      ['a\n', 'é\n', Buffer.from('b\n'), Buffer.from('€\n'), '😀\n', ''],
      ['c\n'.repeat(5_000), Buffer.from('d\n')],
    ];
    const alone = Buffer.from('alone\n');
    for (const [at, pieces] of [...rounds, [alone]].entries()) {
      for (const piece of pieces) all.push(commits.submit(piece, Buffer.byteLength(piece)));
      await segment.begun(at + 1);
      segment.ends[at]?.(null);
      await all.at(-1);
    }
    expect(segment.appended).toEqual([
      ...rounds.map((pieces) => pieces.map(String).join('')),
      'alone\n',
    ]);
    expect(given[2]).toBe(alone);
    expect(commits.pendingBytes).toBe(0);
  });

  it('knows how many bytes wait, those in flight included', async () => {
    const { segment, commits, submit } = create();
    const durable = submit('é\n');
    expect(commits.pendingBytes).toBe(3);
    await turn();
    const failing = [submit('12345\n'), submit('')];
    expect(commits.pendingBytes).toBe(9);
    segment.ends[0]?.(null);
    await durable;
    expect(commits.pendingBytes).toBe(6);
    await turn();
    segment.ends[1]?.(new Error('made up'));
    await Promise.all(failing);
    expect(commits.pendingBytes).toBe(0);
    expect(await submit('refused\n')).toBe('made up');
    expect(commits.pendingBytes).toBe(0);
  });

  it('fails with a commit all that waits behind it, once the segment is cut back', async () => {
    const { segment, commits, submit, failures } = create();
    const first = submit('a\n');
    await turn();
    const second = submit('b\n');
    segment.ends[0]?.(new Error('made up'));
    expect(await first).toBe('made up');
    expect(segment.heals).toBe(1);
    expect(await second).toBe('made up');
    expect([segment.appended, failures]).toEqual([['a\n'], ['made up']]);
    await commits.idle();
    commits.resume();
    const third = submit('c\n');
    await turn();
    segment.ends[1]?.(null);
    expect(await third).toBe('durable');
  });

  it('settles a commit, in order, before the next one begins and before it answers', async () => {
    const { segment, commits, submit } = create();
    const order: string[] = [];
    const note = async (text: string) => {
      const answer = await submit(text, (end) => {
        order.push(`${text} settled with ${String(end)}, ${segment.appended.length} begun`);
      });
      order.push(`${text} ${answer}`);
    };
    const all = [note('a'), note('b')];
    await turn();
    all.push(note('c'));
    segment.ends[0]?.(null);
    await segment.begun(2);
    expect(order.splice(0)).toEqual([
      ...['a settled with null, 1 begun', 'b settled with null, 1 begun'],
      ...['a durable', 'b durable'],
    ]);
    all.push(note('d'));
    segment.ends[1]?.(new Error('made up'));
    await Promise.all(all);
    expect(order).toEqual([
      ...['c settled with Error: made up, 2 begun', 'd settled with Error: made up, 2 begun'],
      ...['c made up', 'd made up'],
    ]);
    void commits.submit('e', 1, (end) => order.push(`e ${String(end)}`));
    expect(order.at(-1)).toBe('e Error: made up');
  });

  it('writes with the next sync what those who were answered submit, however late in the turn', async () => {
    const { segment, submit } = create();
    const again = async (first: string, second: string, hops: number) => {
      await submit(first);
      for (let hop = 0; hop < hops; hop++) await Promise.resolve();
      await submit(second);
    };
    const all = [again('a', 'c', 0), again('b', 'd', 100)];
    await turn();
    segment.ends[0]?.(null);
    await segment.begun(2);
    segment.ends[1]?.(null);
    await Promise.all(all);
    expect(segment.appended).toEqual(['ab', 'cd']);
  });

  it('is idle only when nothing waits', async () => {
    const { segment, commits, submit } = create();
    await commits.idle();
    const order: string[] = [];
    const done = submit('a\n').then(() => order.push('durable'));
    const idle = commits.idle().then(() => order.push('idle'));
    await turn();
    segment.ends[0]?.(null);
    await Promise.all([done, idle]);
    expect(order).toEqual(['durable', 'idle']);
  });
});
