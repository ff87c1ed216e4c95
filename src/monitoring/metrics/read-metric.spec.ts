import { describe, expect, it } from '@jest/globals';
import { Registry } from 'prom-client';
import { parseMetrics } from '../../../test/support/prometheus-text.js';
import { Histogram } from '../../shared/histogram.js';
import type { Metric } from './metric.js';
import { METRICS } from './metric-list.js';
import { ReadMetric } from './read-metric.js';
import type { Snapshot } from './snapshot.js';

/** What each metric of these reads is its own. */
const SNAPSHOT = {} as Snapshot;
const NAMED = { name: 'a_total', help: 'Some.', type: 'counter' } as const;

async function textOf(metric: Metric, snapshot: Snapshot | null = SNAPSHOT): Promise<string> {
  const registry = new Registry();
  new ReadMetric(metric, () => snapshot).register(registry);
  const text = await registry.metrics();
  parseMetrics(text);
  return text;
}

const HEAD = '# HELP revenue_etl_a_total Some.\n# TYPE revenue_etl_a_total counter\n';

describe('A metric that is read', () => {
  it('has its number', async () => {
    expect(await textOf({ ...NAMED, read: () => 7 })).toBe(`${HEAD}revenue_etl_a_total 7\n`);
  });

  it('has no sample while its number is not known', async () => {
    expect(await textOf({ ...NAMED, read: () => null })).toBe(HEAD);
    expect(await textOf({ ...NAMED, read: () => 7 }, null)).toBe(HEAD);
  });

  it('has a series for each value of its label, whatever it is', async () => {
    const all = new Map([
      ['one', 1],
      ['"two"\\\n', 0],
    ]);
    const text = await textOf({ ...NAMED, label: 'code', readAll: () => all });
    expect(text).toBe(
      `${HEAD}revenue_etl_a_total{code="one"} 1\nrevenue_etl_a_total{code="\\"two\\"\\\\\\n"} 0\n`,
    );
    const { samples } = parseMetrics(text).get('revenue_etl_a_total')!;
    expect(samples.map(({ labels }) => labels['code'])).toEqual([...all.keys()]);
  });

  it('has buckets that add up', async () => {
    const figures = new Histogram([0.001, 0.5]);
    for (const value of [0.001, 0.2, 0.3, 4]) figures.observe(value);
    const text = await textOf({
      ...{ name: 'a_seconds', help: 'Some.', type: 'histogram' },
      readFigures: () => figures,
    });
    expect(text.split('\n').slice(2, -1)).toEqual([
      'revenue_etl_a_seconds_bucket{le="0.001"} 1',
      'revenue_etl_a_seconds_bucket{le="0.5"} 3',
      'revenue_etl_a_seconds_bucket{le="+Inf"} 4',
      'revenue_etl_a_seconds_sum 4.501',
      'revenue_etl_a_seconds_count 4',
    ]);
  });
});

describe('The list of metrics', () => {
  it('has each name once, with its unit last, and counters end with total', () => {
    const names = METRICS.map(({ name }) => name);
    expect(new Set(names).size).toBe(names.length);
    for (const { name, type, help } of METRICS) {
      expect({ name, is: name.endsWith('_total') }).toEqual({ name, is: type === 'counter' });
      expect(name).toMatch(/^[a-z]+(?:_[a-z]+)*$/);
      expect(help).toMatch(/\.$/);
    }
  });
});

describe('The parser of scrapes', () => {
  const BUCKETS = '# HELP h .\n# TYPE h histogram\n';

  it.each([
    ['a sample of nothing', 'a 1\n'],
    ['a sample without a type', '# HELP a .\na_b 1\n'],
    ['a sample of another metric', '# HELP a .\n# TYPE a gauge\nb 1\n'],
    ['a series that comes twice', '# HELP a .\n# TYPE a gauge\na{x="1"} 1\na{x="1"} 2\n'],
    ['a metric that comes twice', '# HELP a .\n# TYPE a gauge\n# HELP a .\n'],
    ['a value that is no number', '# HELP a .\n# TYPE a gauge\na null\n'],
    ['a value that is missing', '# HELP a .\n# TYPE a gauge\na \n'],
    ['a label without quotes', '# HELP a .\n# TYPE a gauge\na{x=1} 1\n'],
    ['a counter below 0', '# HELP a .\n# TYPE a counter\na -1\n'],
    ['a last line without its end', '# HELP a .\n# TYPE a gauge\na 1'],
    [
      'buckets that do not grow',
      `${BUCKETS}h_bucket{le="1"} 2\nh_bucket{le="+Inf"} 1\nh_sum 1\nh_count 1\n`,
    ],
    ['buckets that lack the last one', `${BUCKETS}h_bucket{le="1"} 2\nh_sum 1\nh_count 2\n`],
    ['a count that is not of its buckets', `${BUCKETS}h_bucket{le="+Inf"} 2\nh_sum 1\nh_count 3\n`],
    ['a histogram without its sum', `${BUCKETS}h_bucket{le="+Inf"} 2\nh_count 2\n`],
  ])('refuses %s', (_, text) => {
    expect(() => parseMetrics(text)).toThrow();
  });
});
