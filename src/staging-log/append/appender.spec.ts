import { describe, expect, it } from '@jest/globals';
import { Appender } from './appender.js';
import { DedupeIndex } from '../ids/dedupe-index.js';
import { GroupCommit, type CommitTarget } from './group-commit.js';
import { IdRegister } from '../ids/id-register.js';
import { RecordClock } from './record-clock.js';
import { SIP_KEY_BYTES } from '../ids/sip-hash.js';

/** A disk that keeps what it is given, and fails when it is told to. */
class Disk implements CommitTarget {
  readonly commits: string[] = [];
  failing = false;

  append(bytes: Buffer): Promise<void> {
    if (this.failing) return Promise.reject(new Error('made up'));
    this.commits.push(bytes.toString());
    return Promise.resolve();
  }

  heal(): Promise<void> {
    return Promise.resolve();
  }
}

function create(now: () => number = () => 7) {
  const disk = new Disk();
  const commits = new GroupCommit(disk, () => undefined);
  const ids = new IdRegister(
    new DedupeIndex({ idsMax: 100, windowSeconds: 60 }, Buffer.alloc(SIP_KEY_BYTES)),
    () => 0,
  );
  const clock = new RecordClock(() => undefined, now);
  return { disk, commits, appender: new Appender(commits, ids, clock) };
}

describe('the appender', () => {
  it('writes what is appended in one turn, in order, whether one record or many, with ids or without', async () => {
    const { disk, appender } = create();
    const results = await Promise.all([
      appender.append([{ payload: '{"n":1}' }]),
      appender.append([{ id: 'é', payload: '{"n":2}' }]),
      appender.append([{ payload: '{"n":3}' }, { id: 'é', payload: '{"n":2}' }]),
      appender.append([]),
      appender.append([{ payload: '{"n":4}' }]),
    ]);
    expect(results.map((result) => result.kind === 'durable' && result.outcomes)).toEqual([
      ...[['appended'], ['appended'], ['appended', 'duplicate'], [], ['appended']],
    ]);
    expect(disk.commits).toEqual([
      '{"timestamp":7,"n":1}\n{"timestamp":7,"id":"é","n":2}\n{"timestamp":7,"n":3}\n{"timestamp":7,"n":4}\n',
    ]);
  });

  it.each([
    ['one record', [{ payload: '{"n":"é€😀"}' }]],
    ['one with an id', [{ id: 'ü"😀', payload: '{"n":"é€"}' }]],
    ['many', [{ payload: '{"n":"é"}' }, { id: '€', payload: '{"n":"😀"}' }]],
  ])('counts the bytes of %s that wait for the disk', async (_, records) => {
    const { disk, commits, appender } = create();
    const appended = appender.append(records);
    const pending = commits.pendingBytes;
    await appended;
    expect(pending).toBe(Buffer.byteLength(disk.commits.join('')));
    expect(commits.pendingBytes).toBe(0);
  });

  it('answers each commit with its own end, also where callers share the answer', async () => {
    const { disk, commits, appender } = create();
    const appendTwo = async () => {
      const both = [{ payload: '{"n":1}' }, { payload: '{"n":2}' }].map((r) =>
        appender.append([r]),
      );
      return (await Promise.all(both)).map((result) =>
        result.kind === 'durable' ? result.outcomes.join() : result.message,
      );
    };
    expect(await appendTwo()).toEqual(['appended', 'appended']);
    disk.failing = true;
    const message = 'the staging log cannot be written (made up)';
    expect(await appendTwo()).toEqual([message, message]);
    expect(await appendTwo()).toEqual([message, message]);
    disk.failing = false;
    await commits.idle();
    commits.resume();
    expect(await appendTwo()).toEqual(['appended', 'appended']);
    expect(disk.commits).toHaveLength(2);
  });

  it('lends no id to a call that comes to nothing half-way', async () => {
    let broken = false;
    const { disk, appender } = create(() => {
      if (broken) throw new RangeError('made up');
      return 7;
    });
    const [one, two] = [
      { id: 'one', payload: '{"n":1}' },
      { id: 'two', payload: '{"n":2}' },
    ];
    const first = appender.append([one]);
    broken = true;
    await expect(appender.append([one, two])).rejects.toThrow('made up');
    broken = false;
    const outcomes = [first, appender.append([two, one]), appender.append([two])].map(
      async (answer) => {
        const result = await answer;
        return result.kind === 'durable' ? result.outcomes : [];
      },
    );
    expect(await Promise.all(outcomes)).toEqual([
      ...[['appended'], ['appended', 'duplicate'], ['duplicate']],
    ]);
    expect(disk.commits.join('')).toBe(
      '{"timestamp":7,"id":"one","n":1}\n{"timestamp":7,"id":"two","n":2}\n',
    );
  });

  it('rejects a record that cannot be stored, and stores nothing of its call', async () => {
    const { disk, appender } = create();
    for (const records of [[{ payload: '{}' }], [{ payload: '{"n":1}' }, { payload: 'n' }]]) {
      await expect(appender.append(records)).rejects.toThrow(TypeError);
    }
    await appender.append([{ payload: '{"n":2}' }]);
    expect(disk.commits).toEqual(['{"timestamp":7,"n":2}\n']);
  });
});
