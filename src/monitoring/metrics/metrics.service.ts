import { Injectable } from '@nestjs/common';
import { collectDefaultMetrics, Registry } from 'prom-client';
import { METRICS } from './metric-list.js';
import { ReadMetric } from './read-metric.js';
import type { Snapshot } from './snapshot.js';
import { Snapshots } from './snapshots.js';

/** All metrics as Prometheus reads them. Nothing is counted here: each scrape reads what the contexts counted. */
@Injectable()
export class MetricsService {
  private readonly registry = new Registry();
  private scraping: Promise<string> | null = null;
  private snapshot: Snapshot | null = null;

  constructor(private readonly snapshots: Snapshots) {
    for (const metric of METRICS) {
      new ReadMetric(metric, () => this.snapshot).register(this.registry);
    }
    collectDefaultMetrics({ register: this.registry });
  }

  /** Scrapes at the same time are one. */
  scrape(): Promise<string> {
    this.scraping ??= this.scrapeNow().finally(() => (this.scraping = null));
    return this.scraping;
  }

  private async scrapeNow(): Promise<string> {
    this.snapshot = await this.snapshots.take();
    return this.registry.metrics();
  }
}
