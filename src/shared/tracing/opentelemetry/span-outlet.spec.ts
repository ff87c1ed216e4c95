import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { ExportResultCode } from '@opentelemetry/core';
import { TracerProvider, type SpanExporter } from '@opentelemetry/sdk-trace';
import { SpanOutlet } from './span-outlet.js';

/** An exporter that gives up with this error, and what is told of it. */
async function tellOf(error: Error | undefined): Promise<string[]> {
  const told: string[] = [];
  const exporter: SpanExporter = {
    export: (_spans, done) => {
      done({ code: ExportResultCode.FAILED, ...(error === undefined ? {} : { error }) });
    },
    shutdown: () => Promise.resolve(),
  };
  const outlet = new SpanOutlet(exporter, (level, message) => told.push(`${level}: ${message}`));
  new TracerProvider({ spanProcessors: [outlet] }).getTracer('test').startSpan('a').end();
  await outlet.forceFlush().catch(() => undefined);
  return told;
}

const refused = (): Error =>
  Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });

describe('why traces do not reach the collector', () => {
  test.each([
    ['its message', refused(), 'connect ECONNREFUSED'],
    [
      // Of a name with two addresses, as localhost has on most machines, Node's error has no message.
      'the code of an error without a message',
      Object.assign(new AggregateError([refused(), refused()]), { code: 'ECONNREFUSED' }),
      'ECONNREFUSED',
    ],
    [
      'the status where the answer has no words for it',
      Object.assign(new Error(''), { name: 'OTLPExporterError', code: 401 }),
      '401',
    ],
    ['its name where there is nothing else', new TypeError(), 'TypeError'],
    ['that there is none', undefined, 'no reason was given'],
  ])('is told with %s', async (_what, error, reason) => {
    expect(await tellOf(error)).toEqual([
      `warn: traces do not reach the collector (${reason}); all else goes on`,
    ]);
  });
});

describe('an exporter that never comes to an end', () => {
  afterEach(() => {
    jest.useRealTimers();
  });

  test('is told of once, what it had is counted, and others are sent after it', async () => {
    jest.useFakeTimers();
    const told: string[] = [];
    let [exports, hangs] = [0, true];
    const exporter: SpanExporter = {
      export: (_spans, done) => {
        exports += 1;
        if (!hangs) done({ code: ExportResultCode.SUCCESS });
      },
      shutdown: () => Promise.resolve(),
    };
    const outlet = new SpanOutlet(exporter, (level, message) => told.push(`${level}: ${message}`));
    const tracer = new TracerProvider({ spanProcessors: [outlet] }).getTracer('test');
    for (let round = 1; round <= 3; round++) {
      hangs = round < 3;
      for (let span = 0; span < 5; span++) tracer.startSpan('a').end();
      await jest.advanceTimersByTimeAsync(30_000);
      expect(exports).toBe(round);
    }
    expect(told).toEqual([
      'warn: traces do not reach the collector (no whole answer in time); all else goes on',
      'info: traces reach the collector again; 10 spans did not',
    ]);
  });
});
