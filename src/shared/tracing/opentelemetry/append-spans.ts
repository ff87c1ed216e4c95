import {
  appends,
  commits,
  recordsQueued,
  type AnnouncedAppend,
  type AnnouncedCommit,
  type QueuedRecords,
} from '../trace-channels.js';
import type { RecentAppends } from './recent-appends.js';
import type { RequestSpans } from './request-spans.js';
import type { Subscriptions } from './subscriptions.js';
import { typeOfError, type TimedSpan } from './timed-span.js';

interface WaitingAppend {
  readonly append: TimedSpan;
  /** Bytes of the commit that are before those of the append. */
  readonly position: number;
  readonly bytes: number;
}

/**
 * The append of each recorded request, and in it the commit that made it durable: what is before the commit is
 * the wait for the one before.
 */
export class AppendSpans {
  private readonly spans = new WeakMap<AnnouncedAppend, TimedSpan>();
  /** By their commit. */
  private readonly waiting = new WeakMap<object, WaitingAppend[]>();
  /** Whose call of the log is going on. */
  private current: TimedSpan | undefined;
  /** When the commit began that is under way: there is one at a time. */
  private commitStartedAt = 0;

  constructor(
    private readonly requests: RequestSpans,
    private readonly recent: RecentAppends,
    subscriptions: Subscriptions,
  ) {
    subscriptions.onPhases(appends, {
      start: (append) => {
        this.begin(append);
      },
      end: () => {
        this.current = undefined;
      },
      asyncEnd: (append) => {
        this.end(append);
      },
    });
    subscriptions.on(recordsQueued, (queued) => {
      this.queue(queued);
    });
    subscriptions.onPhases(commits, {
      start: () => {
        this.commitStartedAt = performance.now();
      },
      asyncEnd: (commit) => {
        this.endCommit(commit);
      },
    });
  }

  private begin(append: AnnouncedAppend): void {
    this.current = this.requests.find(append.request)?.child({
      name: 'staging_log.append',
      startedAt: performance.now(),
      attributes: { 'revenue_etl.append.records': append.records },
    });
    if (this.current !== undefined) this.spans.set(append, this.current);
  }

  private queue({ commit, position, bytes }: QueuedRecords): void {
    if (this.current === undefined) return;
    const waiting = this.waiting.get(commit) ?? [];
    waiting.push({ append: this.current, position, bytes });
    this.waiting.set(commit, waiting);
  }

  private endCommit({ commit, from, bytes, error }: AnnouncedCommit): void {
    const endedAt = performance.now();
    for (const { append, position, bytes: own } of this.waiting.get(commit) ?? []) {
      const span = append.child({
        name: 'staging_log.commit',
        startedAt: this.commitStartedAt,
        attributes: { 'revenue_etl.commit.bytes': bytes },
      });
      if (error !== undefined) span.fail(typeOfError(error));
      span.end(endedAt);
      append.span.setAttribute('revenue_etl.append.bytes', own);
      // A duplicate only waits.
      if (error === undefined && own > 0) this.place(append, from + position, own);
    }
    this.waiting.delete(commit);
  }

  private place({ span }: TimedSpan, from: number, bytes: number): void {
    const to = from + bytes;
    span.setAttributes({ 'revenue_etl.offset.from': from, 'revenue_etl.offset.to': to });
    this.recent.add(from, to, span.spanContext());
  }

  private end(append: AnnouncedAppend): void {
    const timed = this.spans.get(append);
    if (timed === undefined) return;
    const { result, error } = append;
    if (result?.kind === 'durable') {
      const appended = result.outcomes.filter((outcome) => outcome === 'appended').length;
      timed.span.setAttribute('revenue_etl.append.appended', appended);
    } else {
      timed.fail(result?.code ?? typeOfError(error));
    }
    timed.end();
  }
}
