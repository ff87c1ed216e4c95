import { eventually } from './eventually.js';
import { parseMetrics, type MetricFamily } from './prometheus-text.js';
import { sendRequest } from './send-request.js';

/** What a running application tells at one moment. */
export class Scrape {
  private constructor(readonly families: ReadonlyMap<string, MetricFamily>) {}

  /** @param key with the scope `read`, where keys are configured */
  static async of(url: string, key?: string): Promise<Scrape> {
    const authorization = key === undefined ? {} : { authorization: `Bearer ${key}` };
    const answer = await sendRequest(url, '/metrics', { headers: authorization });
    const { status, headers, text } = answer;
    const type = headers['content-type'];
    if (status !== 200 || type !== 'text/plain; version=0.0.4; charset=utf-8') {
      throw new Error(`${status} ${String(type)}: ${text}`);
    }
    return new Scrape(parseMetrics(text));
  }

  /** The first one of which this holds: what only the database knows has no sample while that is slow. */
  static async when(url: string, holds: (its: Scrape) => boolean): Promise<Scrape> {
    let its = await Scrape.of(url);
    await eventually(async () => holds((its = await Scrape.of(url))));
    return its;
  }

  /**
   * The value of a metric of this system, null when it has no sample.
   * @param name without the prefix @param label the value of its one label
   * @throws for a metric that is not there.
   */
  value(name: string, label?: string): number | null {
    const whole = `revenue_etl_${name}`;
    const family =
      this.families.get(whole.replace(/_(?:count|sum)$/, '')) ?? this.families.get(whole);
    if (family === undefined) throw new Error(`no metric ${whole}`);
    const found = family.samples.filter(
      ({ name: its, labels }) =>
        its === whole && Object.values(labels).every((value) => value === label),
    );
    return found[0]?.value ?? null;
  }

  /** Of all that have a number, those that are not 0, by their label. */
  counts(name: string): Readonly<Record<string, number>> {
    const { samples } = this.families.get(`revenue_etl_${name}`) ?? { samples: [] };
    const entries = samples.map(
      ({ labels, value }) => [Object.values(labels).join(), value] as const,
    );
    return Object.fromEntries(entries.filter(([, value]) => value !== 0));
  }
}
