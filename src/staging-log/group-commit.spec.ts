import { describe, expect, it } from '@jest/globals';
import { GroupCommit, type CommitTarget } from './group-commit.js';

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

  heal(): Promise<void> {
    this.heals += 1;
    return Promise.resolve();
  }
}

function create() {
  const segment = new HeldSegment();
  const failures: string[] = [];
  const commits = new GroupCommit(segment, (error) => void failures.push(error.message));
  const submit = (text: string): Promise<string> =>
    new Promise((resolve) => {
      commits.submit(text, (error) => {
        resolve(error === null ? 'durable' : error.message);
      });
    });
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
      await turn();
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

  it('settles a commit, in order, before the next one begins', async () => {
    const { segment, commits } = create();
    const order: string[] = [];
    const note = (text: string) => {
      commits.submit(text, () => order.push(`${text.trim()} of ${segment.appended.length}`));
    };
    note('a\n');
    note('b\n');
    await turn();
    note('c\n');
    segment.ends[0]?.(null);
    await turn();
    await turn();
    segment.ends[1]?.(null);
    await commits.idle();
    expect(order).toEqual(['a of 1', 'b of 1', 'c of 2']);
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
