import type { Tracer } from '@opentelemetry/api';
import {
  loadReads,
  loads,
  loadTransactions,
  type AnnouncedLoad,
  type AnnouncedPart,
} from '../trace-channels.js';
import type { RecentAppends } from './recent-appends.js';
import type { Subscriptions } from './subscriptions.js';
import { TimedSpan, typeOfError } from './timed-span.js';

/** The span of each load, in it those of reading and of the transaction, with links to appends that it loaded. */
export class LoadSpans {
  private readonly loads = new WeakMap<object, TimedSpan>();
  private readonly parts = new WeakMap<AnnouncedPart, TimedSpan>();

  constructor(
    private readonly tracer: Tracer,
    private readonly recent: RecentAppends,
    subscriptions: Subscriptions,
  ) {
    subscriptions.onPhases(loads, {
      start: (load) => {
        this.begin(load);
      },
      asyncEnd: (load) => {
        this.end(load);
      },
    });
    for (const [channel, name] of [
      [loadReads, 'load.read'],
      [loadTransactions, 'load.transaction'],
    ] as const) {
      subscriptions.onPhases(channel, {
        start: (part) => {
          const span = this.loads.get(part.load)?.child({ name, startedAt: performance.now() });
          if (span !== undefined) this.parts.set(part, span);
        },
        asyncEnd: (part) => {
          const span = this.parts.get(part);
          if (part.error !== undefined) span?.fail(typeOfError(part.error));
          span?.end();
        },
      });
    }
  }

  private begin({ load }: AnnouncedLoad): void {
    const span = TimedSpan.begin(this.tracer, {
      name: 'load',
      startedAt: performance.now(),
      attributes: { 'revenue_etl.offset.from': load.offset },
    });
    if (span !== null) this.loads.set(load, span);
  }

  private end({ load, result: report, error }: AnnouncedLoad): void {
    const timed = this.loads.get(load);
    if (timed === undefined) return;
    if (error !== undefined) timed.fail(typeOfError(error));
    else if (report === undefined || report === null) timed.fail('CHECKPOINT_MOVED');
    else {
      const { fromOffset, toOffset } = report;
      timed.span.addLinks(this.recent.takeLinks(fromOffset, toOffset)).setAttributes({
        'revenue_etl.offset.to': toOffset,
        'revenue_etl.load.events': report.events,
        'revenue_etl.load.users': report.users,
        'revenue_etl.load.inserted': report.inserted,
        'revenue_etl.load.updated': report.updated,
        'revenue_etl.load.dead_letters': report.deadLetters,
        'revenue_etl.load.duration_ms': report.durationMs,
      });
    }
    timed.end();
  }
}
