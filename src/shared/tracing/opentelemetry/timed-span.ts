import {
  ROOT_CONTEXT,
  SpanStatusCode,
  trace,
  type Context,
  type Span,
  type SpanOptions,
  type Tracer,
} from '@opentelemetry/api';
import { ATTR_ERROR_TYPE } from '@opentelemetry/semantic-conventions';

export interface SpanStart extends Omit<SpanOptions, 'startTime'> {
  readonly name: string;
  /** By `performance.now()`. */
  readonly startedAt: number;
}

/** A recorded span whose times, and those of its children, are told by one clock: `performance.now()`. */
export class TimedSpan {
  private constructor(
    private readonly tracer: Tracer,
    readonly span: Span,
    private readonly context: Context,
    /** What makes `performance.now()` the time since 1970. Taken anew for each trace: wall clocks are set. */
    private readonly offsetMs: number,
  ) {}

  /** The first of a trace here; null when it is not to be recorded. @param parent may have a sender's span. */
  static begin(tracer: Tracer, start: SpanStart, parent: Context = ROOT_CONTEXT): TimedSpan | null {
    const span = new TimedSpan(tracer, NONE, parent, Date.now() - performance.now()).child(start);
    return span.span.isRecording() ? span : null;
  }

  child({ name, startedAt, ...options }: SpanStart): TimedSpan {
    const startTime = this.offsetMs + startedAt;
    const span = this.tracer.startSpan(name, { ...options, startTime }, this.context);
    return new TimedSpan(this.tracer, span, trace.setSpan(this.context, span), this.offsetMs);
  }

  /** Marks it as failed. @param type an error's code or name: messages may tell of users. */
  fail(type: string): void {
    this.span.setAttribute(ATTR_ERROR_TYPE, type).setStatus({ code: SpanStatusCode.ERROR });
  }

  /** @param endedAt by `performance.now()` */
  end(endedAt = performance.now()): void {
    this.span.end(this.offsetMs + endedAt);
  }
}

const NONE = trace.wrapSpanContext({ traceId: '', spanId: '', traceFlags: 0 });

/** The code of an error, or its name. */
export function typeOfError(error: unknown): string {
  if (typeof error !== 'object' || error === null) return typeof error;
  if ('code' in error && typeof error.code === 'string') return error.code;
  return 'name' in error && typeof error.name === 'string' ? error.name : 'Error';
}
