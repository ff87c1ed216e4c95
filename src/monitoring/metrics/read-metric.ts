import type { Metric as RegisteredMetric, Registry } from 'prom-client';
import type { HistogramFigures } from '../../shared/histogram.js';
import type { Metric } from './metric.js';
import type { Snapshot } from './snapshot.js';

const PREFIX = 'revenue_etl_';

interface Sample {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** What a registry asks a metric for. Its own types ask for more, which only its own metrics use. */
interface MetricObject {
  readonly name: string;
  readonly help: string;
  readonly type: Metric['type'];
  readonly values: readonly Sample[];
}

/** A metric of prom-client's registry that keeps no numbers: it reads them when it is asked. */
export class ReadMetric {
  readonly name: string;

  /** @param snapshot what to read from; null: nothing is known */
  constructor(
    private readonly metric: Metric,
    private readonly snapshot: () => Snapshot | null,
  ) {
    this.name = PREFIX + metric.name;
  }

  register(registry: Registry): void {
    registry.registerMetric(this as unknown as RegisteredMetric);
  }

  get(): Promise<MetricObject> {
    const { name, metric } = this;
    const { help, type } = metric;
    const snapshot = this.snapshot();
    const values = snapshot === null ? [] : this.samples(snapshot);
    return Promise.resolve({ name, help, type, values });
  }

  private samples(snapshot: Snapshot): Sample[] {
    const { name, metric } = this;
    if ('readFigures' in metric) return histogramSamples(name, metric.readFigures(snapshot));
    if ('readAll' in metric) {
      const all = [...metric.readAll(snapshot)];
      return all.map(([value, count]) => ({ labels: { [metric.label]: value }, value: count }));
    }
    const value = metric.read(snapshot);
    return value === null ? [] : [{ labels: {}, value }];
  }
}

function histogramSamples(name: string, { bounds, counts, sum }: HistogramFigures): Sample[] {
  const samples: Sample[] = [];
  let count = 0;
  for (const [at, le] of [...bounds, '+Inf'].entries()) {
    count += counts[at] ?? 0;
    samples.push({ metricName: `${name}_bucket`, labels: { le }, value: count });
  }
  samples.push({ metricName: `${name}_sum`, labels: {}, value: sum });
  samples.push({ metricName: `${name}_count`, labels: {}, value: count });
  return samples;
}
