import { TraceFlags } from '@opentelemetry/api';
import { ExportResultCode, type ExportResult } from '@opentelemetry/core';
import {
  BatchSpanProcessor,
  type ReadableSpan,
  type SpanExporter,
  type SpanProcessor,
} from '@opentelemetry/sdk-trace';

/** Ended spans that wait to be sent, some KiB each; one more is left out. */
const WAITING_MAX = 8_192;
const BATCH_MAX = 512;
const BATCH_DELAY_MS = 1_000;
/** Beyond the exporter's own bound, which is of silence: an answer that trickles in has none. */
const ANSWER_TIMEOUT_MS = 8_000;
/** Beyond that. */
const EXPORT_TIMEOUT_MS = 10_000;
/** How often it is told that spans were left out. */
const LEFT_OUT_EVERY_MS = 60_000;

export type Report = (level: 'info' | 'warn', message: string) => void;

/**
 * Where spans leave the process: in batches, one after the other, from a queue with a bound. A collector that is away
 * or slow costs spans and nothing else; that it is away is told once, and so is that it is back.
 */
export class SpanOutlet implements SpanProcessor {
  private readonly batches: BatchSpanProcessor;
  private waiting = 0;
  private leftOut = 0;
  private toldAt = -Infinity;
  private failing = false;

  constructor(
    private readonly exporter: SpanExporter,
    private readonly report: Report,
  ) {
    this.batches = new BatchSpanProcessor({
      exporter: {
        export: (spans, done) => {
          this.send(spans, done);
        },
        shutdown: () => exporter.shutdown(),
      },
      maxQueueSize: WAITING_MAX,
      maxExportBatchSize: BATCH_MAX,
      scheduledDelayMillis: BATCH_DELAY_MS,
      exportTimeoutMillis: EXPORT_TIMEOUT_MS,
    });
  }

  onStart(): void {
    // Spans are of interest once they have ended.
  }

  onEnd(span: ReadableSpan): void {
    if ((span.spanContext().traceFlags & TraceFlags.SAMPLED) === 0) return;
    if (this.waiting >= WAITING_MAX) {
      this.leftOut += 1;
      return;
    }
    this.waiting += 1;
    this.batches.onEnd(span);
  }

  forceFlush(): Promise<void> {
    return this.batches.forceFlush();
  }

  /** Sends what waits. Rejects when that fails; has no bound in time. */
  shutdown(): Promise<void> {
    return this.batches.shutdown();
  }

  private send(spans: ReadableSpan[], done: (result: ExportResult) => void): void {
    this.waiting -= spans.length;
    let settled = false;
    const settle = (result: ExportResult): void => {
      if (settled) return;
      settled = true;
      clearTimeout(timer);
      if (result.code === ExportResultCode.SUCCESS) this.tellSuccess();
      else this.tellFailure(spans.length, result.error);
      done(result);
    };
    const timer = setTimeout(() => {
      settle({ code: ExportResultCode.FAILED, error: new Error('no whole answer in time') });
    }, ANSWER_TIMEOUT_MS).unref();
    this.exporter.export(spans, settle);
  }

  private tellFailure(spans: number, error: Error | undefined): void {
    this.leftOut += spans;
    if (this.failing) return;
    this.failing = true;
    this.report('warn', `traces do not reach the collector (${reasonOf(error)}); all else goes on`);
  }

  private tellSuccess(): void {
    if (this.failing) {
      this.report('info', `traces reach the collector again; ${this.leftOut} spans did not`);
      this.leftOut = 0;
    } else if (this.leftOut > 0 && performance.now() - this.toldAt > LEFT_OUT_EVERY_MS) {
      const remedy = 'a lower OTEL_TRACES_SAMPLER_ARG makes fewer';
      this.report('warn', `${this.leftOut} spans more than could be sent were left out; ${remedy}`);
      this.leftOut = 0;
      this.toldAt = performance.now();
    }
    this.failing = false;
  }
}

/** Errors of a host with several addresses have a code and no message, answers without a phrase a status. */
function reasonOf(error: (Error & { readonly code?: unknown }) | undefined): string {
  if (error === undefined) return 'no reason was given';
  const { message, code, name } = error;
  if (message !== '') return message;
  return typeof code === 'string' || typeof code === 'number' ? String(code) : name;
}
