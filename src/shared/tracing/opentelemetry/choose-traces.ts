import { SpanKind } from '@opentelemetry/api';
import {
  ParentBasedSampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
  type Sampler,
} from '@opentelemetry/sdk-trace';

/**
 * Which traces are recorded: a request by the word of its sender, where a `traceparent` has one; else this share of
 * them. Loads all are, for there are few.
 * @param ratio from 0 to 1
 */
export function chooseTraces(ratio: number): Sampler {
  const requests = new TraceIdRatioBasedSampler(ratio);
  return new ParentBasedSampler({
    root: {
      shouldSample: (...[context, traceId, , kind]) =>
        kind === SpanKind.SERVER
          ? requests.shouldSample(context, traceId)
          : { decision: SamplingDecision.RECORD_AND_SAMPLED },
      toString: () => `loads, and ${requests.toString()} of requests`,
    },
  });
}
