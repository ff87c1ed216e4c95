import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Offset, StagingLog } from '../../src/staging-log/staging-log.port.js';
import { registerIdTests } from './staging-log-contract-ids.js';
import { registerLineTests } from './staging-log-contract-lines.js';
import { registerPlaceTests } from './staging-log-contract-places.js';
import { registerRefusalTests } from './staging-log-contract-refusals.js';
import { appendAll, readLines, readNumbers, readTexts, record } from './staging-log-reading.js';
import type { LogBounds, StagingLogUnderTest } from './staging-log-under-test.js';

/** What any implementation of the port promises. */
export function registerStagingLogTests(create: () => Promise<StagingLogUnderTest>): void {
  let subject: StagingLogUnderTest;
  let log: StagingLog;
  const context = { subject: () => subject, log: () => log, reopen };

  async function reopen(bounds?: LogBounds): Promise<StagingLog> {
    await log.close();
    log = await subject.open(bounds);
    return log;
  }

  beforeEach(async () => {
    subject = await create();
    log = await subject.open();
  });

  afterEach(async () => {
    await log.close();
    await subject.remove();
  });

  describe('appending', () => {
    it('answers in order and reads back in order', async () => {
      expect(await appendAll(log, record(1), record(2, 'two'))).toEqual(['appended', 'appended']);
      expect(await appendAll(log, record(3))).toEqual(['appended']);
      expect(await readNumbers(log)).toEqual([1, 2, 3]);
    });

    it('puts the time and the id in front, and keeps the payload as it is', async () => {
      subject.setClock(1_763_800_000_123);
      await appendAll(
        log,
        { id: 'inv-17:3', payload: '{"userId":"abc", "value": 1.50}' },
        { payload: '{"n":1}' },
      );
      expect(await readTexts(log)).toEqual([
        '{"timestamp":1763800000123,"id":"inv-17:3","userId":"abc", "value": 1.50}',
        '{"timestamp":1763800000123,"n":1}',
      ]);
    });

    it('answers nothing for nothing', async () => {
      expect(await log.append([])).toEqual({ kind: 'durable', outcomes: [] });
      expect(log.endOffset()).toBe(0);
    });

    it('is read back as soon as it returns, from the end that was', async () => {
      for (let n = 0; n < 20; n++) {
        const before = log.endOffset();
        await appendAll(log, record(n));
        const lines = await readLines(log, before);
        expect(lines.map(({ text }) => (JSON.parse(text) as { n: number }).n)).toEqual([n]);
        expect(await readLines(log, lines[0]?.next)).toEqual([]);
      }
    });

    it('stores each record of concurrent calls once, those of one call together', async () => {
      const calls = Array.from({ length: 300 }, (_, call) =>
        Array.from({ length: (call % 3) + 1 }, (_, part) => record(call * 10 + part)),
      );
      await Promise.all(calls.map((records) => log.append(records)));
      const expected = calls.flat().map(({ payload }) => (JSON.parse(payload) as { n: number }).n);
      expect(await readNumbers(log)).toEqual(expected);
    });

    it('rejects a payload that is no object on one line, and stores nothing of the call', async () => {
      for (const payload of ['', '{}', '[1]', '{"n":\n1}', '{"id":"x","n":1}', '{"n":"\ud800"}']) {
        const records = [record(1, 'first'), { id: 'broken', payload }];
        await expect(log.append(records)).rejects.toThrow(TypeError);
      }
      expect(log.endOffset()).toBe(0);
      expect(await appendAll(log, record(1, 'first'))).toEqual(['appended']);
    });
  });

  describe('durability', () => {
    it('is there after opening again, with the same identity and end', async () => {
      await appendAll(log, record(1), record(2));
      const { identity } = log;
      const end = log.endOffset();
      await reopen();
      expect(log.identity).toBe(identity);
      expect(log.endOffset()).toBe(end);
      await appendAll(log, record(3));
      expect(await readNumbers(log)).toEqual([1, 2, 3]);
    });

    it('shows nothing before it is durable', async () => {
      await appendAll(log, record(1));
      const end = log.endOffset();
      const gate = subject.holdSyncs();
      const append = log.append([record(2)]);
      await gate.reached;
      expect(log.endOffset()).toBe(end);
      expect(await log.read(end, 1024)).toEqual({ kind: 'end' });
      expect(await log.timestampAt(end)).toBeNull();
      expect(await log.compare((end + 1) as Offset, '')).toBe('beyond-end');
      expect(await readNumbers(log)).toEqual([1]);
      gate.open();
      expect((await append).kind).toBe('durable');
      expect(await readNumbers(log)).toEqual([1, 2]);
    });

    it('keeps the order of calls that wait behind a slow sync', async () => {
      const gate = subject.holdSyncs();
      const appends = Array.from({ length: 50 }, (_, n) => log.append([record(n)]));
      await gate.reached;
      gate.open();
      await Promise.all(appends);
      expect(await readNumbers(log)).toEqual(Array.from({ length: 50 }, (_, n) => n));
    });
  });

  describe('reading', () => {
    it('goes on from the start of any record, in chunks of any size', async () => {
      for (let n = 0; n < 12; n++) await appendAll(log, record(n, `id-${'é€😀'.repeat(n)}`));
      const lines = await readLines(log);
      for (let bytesMax = 1; bytesMax <= 300; bytesMax++) {
        expect(await readLines(log, undefined, bytesMax)).toEqual(lines);
      }
      for (const [index, { offset }] of lines.entries()) {
        expect(await readLines(log, offset, 100)).toEqual(lines.slice(index));
      }
    });

    it('tells the time of the record at an offset, and null at the end', async () => {
      subject.setClock(1_763_800_000_001);
      await appendAll(log, record(1, 'one'));
      const second = log.endOffset();
      subject.setClock(1_763_800_000_002);
      await appendAll(log, record(2));
      expect(await log.timestampAt(0 as Offset)).toBe(1_763_800_000_001);
      expect(await log.timestampAt(second)).toBe(1_763_800_000_002);
      expect(await log.timestampAt(log.endOffset())).toBeNull();
      expect(await log.timestampAt((log.endOffset() + 5) as Offset)).toBeNull();
    });

    it('sees whole records only, while others append', async () => {
      const seen: number[] = [];
      let writing = true;
      const writer = (async () => {
        for (let n = 0; n < 200; n++) await appendAll(log, record(n));
        writing = false;
      })();
      for (let offset = 0 as Offset; writing || offset < log.endOffset();) {
        const lines = await readLines(log, offset, 500);
        seen.push(...lines.map(({ text }) => (JSON.parse(text) as { n: number }).n));
        offset = lines.at(-1)?.next ?? offset;
        await new Promise(setImmediate);
      }
      await writer;
      expect(seen).toEqual(Array.from({ length: 200 }, (_, n) => n));
    });
  });

  describe('closing', () => {
    it('waits for what was taken, and takes no more', async () => {
      const gate = subject.holdSyncs();
      const append = log.append([record(1)]);
      await gate.reached;
      const closed = log.close();
      expect(await log.append([record(2)])).toMatchObject({ kind: 'refused', code: 'LOG_CLOSED' });
      expect(log.health()).toMatchObject({ kind: 'refusing', code: 'LOG_CLOSED' });
      gate.open();
      expect((await append).kind).toBe('durable');
      await closed;
      await log.close();
      expect(await readNumbers(await reopen())).toEqual([1]);
    });

    it('reads no more, rather than from files of others', async () => {
      await appendAll(log, record(1));
      await log.close();
      await expect(log.read(0 as Offset, 100)).rejects.toThrow(/closed/);
      await expect(log.timestampAt(0 as Offset)).rejects.toThrow(/closed/);
      await expect(log.fingerprintBefore(log.endOffset())).rejects.toThrow(/closed/);
    });
  });

  registerPlaceTests(context);
  registerIdTests(context);
  registerLineTests(context);
  registerRefusalTests(context);
}
