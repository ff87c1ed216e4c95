import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';
import { Scrape } from '../support/scrape.js';
import { createTestDatabase, type TestDatabase } from '../support/test-database.js';

/** Metrics of this system, and those that Node.js services have in common. */
const METRIC = /\b(?:revenue_etl|nodejs|process)_\w+/g;

interface Panel {
  readonly id: number;
  readonly title: string;
  readonly type: string;
  readonly fieldConfig?: { readonly defaults: { readonly unit?: string } };
  readonly datasource?: { readonly uid: string };
  readonly targets?: readonly {
    readonly expr: string;
    readonly datasource: { readonly uid: string };
  }[];
}

const read = (path: string): Promise<string> =>
  readFile(join(import.meta.dirname, '../..', path), 'utf8');

/** The names of metrics in a text, without what histograms add to theirs. */
function namesIn(text: string, families: Scrape['families']): string[] {
  const names = [...text.matchAll(METRIC)].map(([name]) => {
    const base = name.replace(/_(?:bucket|sum|count)$/, '');
    return families.get(base)?.type === 'histogram' ? base : name;
  });
  return [...new Set(names)].sort();
}

let database: TestDatabase;
let families: Scrape['families'];
let existing: string[];
beforeAll(async () => {
  database = await createTestDatabase();
  const application = await RunningApplication.start({ databaseUrl: database.url });
  ({ families } = await Scrape.of(application.serverUrl));
  existing = [...families.keys()].sort();
  await application.stop();
});
afterAll(() => database.drop());

describe('docs/metrics.md', () => {
  it('has a line for each metric, with its type and its label, and for no other', async () => {
    const rows = (await read('docs/metrics.md'))
      .split('\n')
      .map((line) => line.split('|').map((cell) => cell.trim()))
      .filter(([, name = '']) => /^`(?:revenue_etl|nodejs|process)_\w+`$/.test(name));
    expect(rows.map(([, name = '']) => name.replaceAll('`', '')).sort()).toEqual(existing);
    for (const [, name = '', type, label = ''] of rows) {
      const family = families.get(name.replaceAll('`', ''));
      expect({ name, type }).toEqual({ name, type: family?.type });
      if (!name.startsWith('`revenue_etl_')) continue;
      const labels = new Set(family?.samples.flatMap((sample) => Object.keys(sample.labels)));
      labels.delete('le');
      expect({ name, label }).toEqual({
        name,
        label: [...labels].map((one) => `\`${one}\``).join(),
      });
    }
  });

  it('speaks of no metric that does not exist', async () => {
    const text = (await read('docs/metrics.md')).replaceAll(/`nodejs_\w+_\*`/g, '');
    expect(namesIn(text, families).filter((name) => !families.has(name))).toEqual([]);
  });

  it('explains each alert, and no other', async () => {
    const alerts = [...(await read('ops/prometheus/alerts.yml')).matchAll(/- alert: (\w+)/g)];
    const pattern = /^\| `(RevenueEtl\w+)` +\| (\w+)/gm;
    const explained = [...(await read('docs/metrics.md')).matchAll(pattern)];
    expect(alerts.length).toBeGreaterThan(10);
    expect(explained.map(([, name]) => name)).toEqual(alerts.map(([, name]) => name));
  });
});

describe('ops/prometheus/alerts.yml', () => {
  it('asks only for metrics that exist', async () => {
    const names = namesIn(await read('ops/prometheus/alerts.yml'), families);
    expect(names.length).toBeGreaterThan(10);
    expect(names.filter((name) => !families.has(name))).toEqual([]);
  });

  it('compares labels only with values that they have', async () => {
    const text = await read('ops/prometheus/alerts.yml');
    const selectors = [...text.matchAll(/(revenue_etl_\w+)\{(\w+)=~?"([^"]+)"\}/g)];
    expect(selectors.length).toBeGreaterThan(3);
    for (const [, name = '', label = '', values = ''] of selectors) {
      const there = families.get(name)?.samples.map(({ labels }) => labels[label]);
      expect(there).toEqual(expect.arrayContaining(values.split('|')));
    }
  });

  it('has an expression, a severity and words for each rule', async () => {
    const [, ...rules] = (await read('ops/prometheus/alerts.yml')).split(/^ {6}- alert: /m);
    for (const rule of rules) {
      for (const part of ['expr: ', 'severity: (?:page|ticket)', 'summary: ', 'description: ']) {
        expect(rule).toMatch(new RegExp(`^ +${part}`, 'm'));
      }
    }
  });
});

describe('ops/grafana/dashboard.json', () => {
  const readPanels = async (): Promise<readonly Panel[]> =>
    (JSON.parse(await read('ops/grafana/dashboard.json')) as { panels: Panel[] }).panels;

  it('asks only for metrics that exist, and for each of this system', async () => {
    const panels = await readPanels();
    const asked = panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => expr)).join('\n');
    const names = namesIn(asked, families);
    expect(names.filter((name) => !families.has(name))).toEqual([]);
    const missing = existing.filter((name) => name.startsWith('revenue_etl_'));
    expect(missing.filter((name) => !names.includes(name))).toEqual([]);
  });

  it('has a unit in each panel, and leaves the data source to whoever imports it', async () => {
    const panels = await readPanels();
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    for (const { title, type, fieldConfig, datasource, targets = [] } of panels) {
      if (type === 'row') continue;
      const sources = [datasource?.uid, ...targets.map((target) => target.datasource.uid)];
      expect({ title, sources: new Set(sources) }).toEqual({
        title,
        sources: new Set(['${datasource}']),
      });
      expect(fieldConfig?.defaults.unit).toMatch(/./);
      expect(targets.length).toBeGreaterThan(0);
    }
  });
});
