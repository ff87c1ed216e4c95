import { describe, expect, it } from '@jest/globals';
import type { ActiveSegment } from './active-segment.js';
import { GroupCommit } from './group-commit.js';

const MIB = 1024 * 1024;

/** A segment that holds each append until it is told how it ends. */
class HeldSegment {
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
  const commits = new GroupCommit(
    segment as unknown as ActiveSegment,
    (error) => void failures.push(error.message),
  );
  return { segment, commits, failures };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

describe('the group commit', () => {
  it('writes what came in one turn at once, and what came meanwhile with the next sync', async () => {
    const { segment, commits } = create();
    const first = [commits.submit('a\n'), commits.submit('b\n')];
    await turn();
    const second = ['c\n', '', 'd\n'].map((text) => commits.submit(text));
    await turn();
    expect(segment.appended).toEqual(['a\nb\n']);
    segment.ends[0]?.(null);
    await Promise.all(first);
    await turn();
    expect(segment.appended).toEqual(['a\nb\n', 'c\nd\n']);
    segment.ends[1]?.(null);
    expect(await Promise.all(second)).toEqual(Array(3).fill({ kind: 'durable' }));
  });

  it('writes nothing for nothing', async () => {
    const { segment, commits } = create();
    expect(await commits.submit('')).toEqual({ kind: 'durable' });
    expect(segment.appended).toEqual([]);
  });

  it('bounds what one sync takes, in order, and lets a single text be larger', async () => {
    const { segment, commits } = create();
    const sizes = [3 * MIB, 3 * MIB, 3 * MIB, 9 * MIB, 1];
    const all = Promise.all(sizes.map((size, n) => commits.submit(`${n}`.repeat(size))));
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
    const { segment, commits } = create();
    const durable = commits.submit('é\n');
    expect(commits.pendingBytes).toBe(3);
    await turn();
    const failing = [commits.submit('12345\n'), commits.submit('')];
    expect(commits.pendingBytes).toBe(9);
    segment.ends[0]?.(null);
    await durable;
    expect(commits.pendingBytes).toBe(6);
    await turn();
    segment.ends[1]?.(new Error('made up'));
    await Promise.all(failing);
    expect(commits.pendingBytes).toBe(0);
    expect((await commits.submit('refused\n')).kind).toBe('failed');
    expect(commits.pendingBytes).toBe(0);
  });

  it('fails with a commit all that waits behind it, once the segment is cut back', async () => {
    const { segment, commits, failures } = create();
    const first = commits.submit('a\n');
    await turn();
    const second = commits.submit('b\n');
    segment.ends[0]?.(new Error('made up'));
    expect((await first).kind).toBe('failed');
    expect(segment.heals).toBe(1);
    expect((await second).kind).toBe('failed');
    expect([segment.appended, failures]).toEqual([['a\n'], ['made up']]);
    await commits.idle();
    commits.resume();
    const third = commits.submit('c\n');
    await turn();
    segment.ends[1]?.(null);
    expect(await third).toEqual({ kind: 'durable' });
  });

  it('is idle only when nothing waits', async () => {
    const { segment, commits } = create();
    await commits.idle();
    const order: string[] = [];
    const done = commits.submit('a\n').then(() => order.push('durable'));
    const idle = commits.idle().then(() => order.push('idle'));
    await turn();
    segment.ends[0]?.(null);
    await Promise.all([done, idle]);
    expect(order).toEqual(['durable', 'idle']);
  });
});
