import { describe, expect, it } from '@jest/globals';
import { Problem } from '../shared/http/problem.js';
import type { AppendResult, NewRecord, StagingLog } from '../staging-log/staging-log.port.js';
import { IngestService } from './ingest.service.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };

const RESERVED = { ...EVENT, id: 'dead-letter:11111111-1111-4111-8111-111111111111:7' };

/** A log that holds every call until it is told how it ends. */
function heldLog() {
  let calls = 0;
  let last: readonly NewRecord[] = [];
  let end: (result: AppendResult) => void = () => undefined;
  const append = (records: readonly NewRecord[]): Promise<AppendResult> => {
    calls += 1;
    last = records;
    return new Promise((resolve) => (end = resolve));
  };
  const service = new IngestService({ append } as unknown as StagingLog);
  return {
    service,
    calls: () => calls,
    appended: () => last,
    end: (result: AppendResult) => end(result),
  };
}

describe('an event is acknowledged', () => {
  it('when it is durable, and not before', async () => {
    const { service, end } = heldLog();
    let acknowledged = false;
    const accepted = service.accept([EVENT]).finally(() => (acknowledged = true));
    await new Promise((resolve) => setImmediate(resolve));
    expect(acknowledged).toBe(false);
    end({ kind: 'durable', outcomes: ['appended'] });
    expect(await accepted).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
  });

  it.each([
    ['LOG_UNAVAILABLE', 503],
    ['DISK_FULL', 503],
    ['BACKLOG_FULL', 503],
    ['LOG_CLOSED', 503],
    ['QUEUE_FULL', 429],
  ] as const)('never after %s, which is answered with %i', async (code, status) => {
    const { service, end } = heldLog();
    const accepted = service.accept([EVENT, { value: 'bad' }]).catch((error: unknown) => error);
    end({ kind: 'refused', code, message: 'because', retryAfterSeconds: 7 });
    const problem = (await accepted) as Problem;
    expect(problem).toBeInstanceOf(Problem);
    expect(problem.getStatus()).toBe(status);
    expect(problem.headers).toEqual({ 'Retry-After': '7' });
    const counts = { accepted: 0, duplicates: 0, rejected: [], rejectedTotal: 0 };
    expect(problem.getResponse()).toMatchObject({ code, retryAfter: 7, ...counts });
  });

  it('only when it is one: the log hears of nothing else', async () => {
    const { service, calls } = heldLog();
    const { accepted, rejected } = await service.accept([null, {}, { ...EVENT, value: '1' }]);
    expect([accepted, rejected.length, calls()]).toEqual([0, 3, 0]);
  });
});

describe('an id that only this system makes', () => {
  const durable: AppendResult = { kind: 'durable', outcomes: ['appended'] };

  it.each(['dead-letter:', 'dead-letter:anything', RESERVED.id])(
    'is refused from senders, and harms no other event: %s',
    async (id) => {
      const { service, end, appended } = heldLog();
      const accepting = service.accept([
        { ...EVENT, id },
        { ...EVENT, id: 'mine' },
      ]);
      end(durable);
      const { accepted, rejected } = await accepting;
      expect(accepted).toBe(1);
      expect(rejected).toMatchObject([{ index: 0, code: 'ID_RESERVED' }]);
      expect(appended().map((record) => record.id)).toEqual(['mine']);
    },
  );

  it.each(['dead-letter', 'Dead-letter:x', ' dead-letter:x'])(
    'is none that only looks like it: %s',
    async (id) => {
      const { service, end } = heldLog();
      const accepting = service.accept([{ ...EVENT, id }]);
      end(durable);
      expect(await accepting).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    },
  );

  it('is taken from this system itself', async () => {
    const { service, end, appended } = heldLog();
    const accepting = service.accept([RESERVED], 'corrections');
    end(durable);
    expect(await accepting).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    expect(appended()).toMatchObject([{ id: RESERVED.id }]);
  });
});
