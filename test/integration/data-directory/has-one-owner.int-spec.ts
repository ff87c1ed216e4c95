import { readdir, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { findOwner } from '../../../src/shared/data-directory/find-owner.js';
import { eventually } from '../../support/eventually.js';
import { Contest, type Contender } from './contenders.js';

describe('a data directory', () => {
  let contest: Contest;
  beforeEach(async () => void (contest = await Contest.open()));
  afterEach(() => contest.close());

  it('is refused to a second process, which learns whose it is', async () => {
    const first = await contest.contender();
    expect(await first.acquire()).toBe('owner');

    const second = await contest.contender();
    const refusal = await second.acquire();
    expect(refusal).toContain('DATA_DIRECTORY_OWNED');
    expect(refusal).toContain(`process ${first.pid}`);
    expect(refusal).toContain(contest.dataDir);
    expect(await readdir(join(contest.dataDir, 'owner'))).toHaveLength(1);
  });

  it('is refused under another name of it, too', async () => {
    expect(await (await contest.contender()).acquire()).toBe('owner');
    const link = `${contest.dataDir}-link`;
    await symlink(contest.dataDir, link);
    expect(await (await contest.contender(link)).acquire()).toContain('DATA_DIRECTORY_OWNED');
  });

  it('is free at once when its owner is killed', async () => {
    const [first, second] = [await contest.contender(), await contest.contender()];
    expect(await first.acquire()).toBe('owner');
    await first.kill();
    expect(await findOwner(contest.dataDir)).toBeNull();
    expect(await second.acquire()).toBe('owner');
  });

  it('is free when its owner lets go of it', async () => {
    const [first, second] = [await contest.contender(), await contest.contender()];
    expect(await first.acquire()).toBe('owner');
    await first.release();
    expect(await readdir(join(contest.dataDir, 'owner'))).toEqual([]);
    expect(await second.acquire()).toBe('owner');
  });

  it('stays with an owner that is stopped, and does not answer', async () => {
    const [first, second] = [await contest.contender(), await contest.contender()];
    expect(await first.acquire()).toBe('owner');
    first.signal('SIGSTOP');
    expect(await second.acquire()).toContain('in use by another process');

    first.signal('SIGCONT');
    await eventually(async () => (await second.acquire()).includes(`process ${first.pid}`));
    await eventually(async () => (await findOwner(contest.dataDir))?.pid === first.pid);
  });

  it('tells others its facts while it is owned, and nothing before and after', async () => {
    expect(await findOwner(contest.dataDir)).toBeNull();
    const owner = await contest.contender();
    await owner.acquire();
    await eventually(async () => (await findOwner(contest.dataDir))?.pid === owner.pid);
    expect(await findOwner(contest.dataDir)).toEqual({
      state: 'owner',
      pid: owner.pid,
      logIdentity: 'a',
      endOffset: 17,
      databaseUrl: 'postgres://here',
    });
    await owner.release();
    expect(await findOwner(contest.dataDir)).toBeNull();
  });
});

describe('a data directory with a path longer than any socket may have', () => {
  let contest: Contest;
  beforeEach(async () => void (contest = await Contest.open(`${'long/'.repeat(60)}ünï cödé`)));
  afterEach(() => contest.close());

  it('has one owner like any other', async () => {
    const [first, second] = [await contest.contender(), await contest.contender()];
    expect(await first.acquire()).toBe('owner');
    expect(await second.acquire()).toContain(`process ${first.pid}`);
    await first.kill();
    expect(await second.acquire()).toBe('owner');
  });
});

describe('of five processes that start at the same moment', () => {
  const rounds = 6;
  let contest: Contest;
  beforeEach(async () => void (contest = await Contest.open()));
  afterEach(() => contest.close());

  it('exactly one becomes the owner, with a killed one before it or not', async () => {
    let contenders: Contender[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const missing = Array.from({ length: 5 - contenders.length }, () => contest.contender());
      contenders = [...contenders, ...(await Promise.all(missing))];
      const answers = await Promise.all(contenders.map((contender) => contender.acquire()));

      const winners = contenders.filter((_, index) => answers[index] === 'owner');
      expect(winners).toHaveLength(1);
      expect(answers.filter((answer) => answer.startsWith('DATA_DIRECTORY_OWNED'))).toHaveLength(4);
      await eventually(async () => (await findOwner(contest.dataDir))?.pid === winners[0]!.pid);

      await winners[0]!.kill();
      contenders = contenders.filter((contender) => contender !== winners[0]);
    }
  });
});
