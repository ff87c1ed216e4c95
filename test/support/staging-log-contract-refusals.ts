import { describe, expect, it } from '@jest/globals';
import { START_OF_LOG } from '../../src/staging-log/staging-log.port.js';
import type { ContractContext } from './staging-log-under-test.js';
import { accepting, appendAll, readNumbers, record } from './staging-log-reading.js';

export function registerRefusalTests({ subject, log, reopen }: ContractContext): void {
  describe('a refusal', () => {
    it('leaves nothing of the call behind, and the log goes on by itself', async () => {
      await appendAll(log(), record(1));
      const end = log().endOffset();
      subject().failNextSync();
      const refused = await log().append([record(2), record(3, 'three')]);
      expect(refused).toMatchObject({ kind: 'refused', code: 'LOG_UNAVAILABLE' });
      if (refused.kind === 'refused') expect(refused.retryAfterSeconds).toBeGreaterThan(0);
      expect(log().health()).toMatchObject({ kind: 'refusing', code: 'LOG_UNAVAILABLE' });
      expect(log().endOffset()).toBe(end);
      expect(await readNumbers(log())).toEqual([1]);
      await accepting(log());
      await appendAll(log(), record(4));
      expect(await readNumbers(log())).toEqual([1, 4]);
      expect(await readNumbers(await reopen())).toEqual([1, 4]);
    });

    it('leaves nothing behind when the log is closed before it has gone on', async () => {
      await appendAll(log(), record(1));
      subject().failNextSync();
      await log().append([record(2)]);
      expect(await readNumbers(await reopen())).toEqual([1]);
    });
  });

  describe('the bound of what waits for the disk', () => {
    it('refuses while it is passed, and takes again when the disk has caught up', async () => {
      await reopen({ appendQueueBytesMax: 200 });
      const gate = subject().holdSyncs();
      const taken = Array.from({ length: 10 }, (_, n) => log().append([record(n)]));
      await gate.reached;
      expect(log().health()).toMatchObject({ kind: 'refusing', code: 'QUEUE_FULL' });
      gate.open();
      const results = await Promise.all(taken);
      const durable = results.filter(({ kind }) => kind === 'durable').length;
      expect(durable).toBeGreaterThan(2);
      expect(durable).toBeLessThan(9);
      expect(results.at(-1)).toMatchObject({ kind: 'refused', code: 'QUEUE_FULL' });
      expect(log().health().kind).toBe('accepting');
      expect(await readNumbers(log())).toEqual(Array.from({ length: durable }, (_, n) => n));
    });

    it('takes a call that alone is larger, but nothing behind it', async () => {
      await reopen({ appendQueueBytesMax: 100 });
      const large = log().append(Array.from({ length: 50 }, (_, n) => record(n)));
      expect(await log().append([record(50)])).toMatchObject({ code: 'QUEUE_FULL' });
      expect((await large).kind).toBe('durable');
      await appendAll(log(), record(51));
    });

    it('forgets what failed', async () => {
      await reopen({ appendQueueBytesMax: 200 });
      for (let round = 0; round < 3; round++) {
        subject().failNextSync();
        const appends = [0, 1, 2, 3].map((n) => log().append([record(n, `id ${n}`)]));
        expect((await Promise.all(appends)).map(({ kind }) => kind)).not.toContain('durable');
        await accepting(log());
      }
      await Promise.all([0, 1, 2].map((n) => appendAll(log(), record(n, `id ${n}`))));
      expect(await readNumbers(log())).toEqual([0, 1, 2]);
    });
  });

  describe('the bound of what waits for the load', () => {
    it('refuses once the load is known to be behind, until it has caught up', async () => {
      await reopen({ backlogBytesMax: 1 });
      for (let n = 0; n < 9; n++) await appendAll(log(), record(n));
      const beforeLast = log().endOffset();
      await appendAll(log(), record(9)); // nobody told yet how far the load is
      log().noteLoaded(START_OF_LOG);
      expect(await log().append([record(10)])).toMatchObject({ code: 'BACKLOG_FULL' });
      log().noteLoaded(beforeLast);
      expect(log().health()).toMatchObject({ kind: 'refusing', code: 'BACKLOG_FULL' });
      log().noteLoaded(log().endOffset());
      await appendAll(log(), record(10));
      expect(await readNumbers(log())).toEqual(Array.from({ length: 11 }, (_, n) => n));
    });

    it('is off at 0', async () => {
      await reopen({ backlogBytesMax: 0 });
      for (let n = 0; n < 10; n++) await appendAll(log(), record(n));
      log().noteLoaded(START_OF_LOG);
      await appendAll(log(), record(10));
    });
  });

  describe('a disk with less free than the watermark', () => {
    it('refuses, and takes again by itself within 5 s', async () => {
      subject().setFreeBytes(999);
      await reopen({ diskFreeBytesMin: 1_000 });
      expect(await log().append([record(1)])).toMatchObject({ kind: 'refused', code: 'DISK_FULL' });
      expect(log().health()).toMatchObject({ kind: 'refusing', code: 'DISK_FULL' });
      subject().setFreeBytes(1_000);
      await accepting(log());
      await appendAll(log(), record(2));
      expect(await readNumbers(log())).toEqual([2]);
    });
  });
}
