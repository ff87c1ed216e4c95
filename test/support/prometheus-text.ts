export interface MetricSample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface MetricFamily {
  readonly help: string;
  readonly type: string;
  readonly samples: MetricSample[];
}

const TYPES = ['counter', 'gauge', 'histogram'];
const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*';
const LABEL = String.raw`[a-zA-Z_]\w*="(?:[^"\\\n]|\\["\\n])*"`;
const COMMENT = new RegExp(`^# (HELP|TYPE) (${NAME}) (.+)$`);
const SAMPLE = new RegExp(`^(${NAME})(?:\\{(${LABEL}(?:,${LABEL})*)\\})? (\\S+)$`);
/** As Go reads them: in whatever case. */
const NUMBER = /^(?:[-+]?\d+(?:\.\d+)?(?:e[-+]?\d+)?|nan|[-+]inf)$/i;

/**
 * A scrape in Prometheus' text format, by the names of its families.
 * @throws for a line that is none, a sample without its HELP and TYPE before it, a series that comes twice, a counter
 * below 0, and a histogram whose buckets do not add up.
 */
export function parseMetrics(text: string): ReadonlyMap<string, MetricFamily> {
  if (!text.endsWith('\n')) throw new Error('the last line does not end');
  const families = new Map<string, { help: string; type: string; samples: MetricSample[] }>();
  const series = new Set<string>();
  let current = '';
  for (const line of text.split('\n')) {
    if (line === '') continue;
    const [, kind, name = '', rest = ''] = COMMENT.exec(line) ?? [];
    if (kind === 'HELP') {
      if (families.has(name)) throw new Error(`${name} comes twice`);
      families.set((current = name), { help: rest, type: '', samples: [] });
    } else if (kind === 'TYPE') {
      const family = families.get(name);
      if (family === undefined || name !== current) throw new Error(`no HELP before: ${line}`);
      if (!TYPES.includes(rest)) throw new Error(`no type: ${line}`);
      family.type = rest;
    } else {
      const sample = parseSample(line);
      const family = families.get(current);
      if (family === undefined || !belongs(sample.name, current, family.type)) {
        throw new Error(`not of ${current}: ${line}`);
      }
      const id = JSON.stringify([sample.name, Object.entries(sample.labels).sort()]);
      if (series.has(id)) throw new Error(`comes twice: ${line}`);
      series.add(id);
      family.samples.push(sample);
    }
  }
  for (const [name, family] of families) assertSound(name, family);
  return families;
}

function parseSample(line: string): MetricSample {
  const [, name = '', labels = '', number = ''] = SAMPLE.exec(line) ?? [];
  if (!NUMBER.test(number)) throw new Error(`not a sample: ${line}`);
  const pairs = [...labels.matchAll(new RegExp(LABEL, 'g'))].map(([pair]): [string, string] => {
    const at = pair.indexOf('=');
    return [pair.slice(0, at), JSON.parse(pair.slice(at + 1)) as string];
  });
  const value = Number(number.replace('Inf', 'Infinity'));
  return { name, labels: Object.fromEntries(pairs), value };
}

function belongs(sample: string, family: string, type: string): boolean {
  if (type !== 'histogram') return sample === family;
  return ['_bucket', '_sum', '_count'].some((suffix) => sample === family + suffix);
}

function assertSound(name: string, { type, samples }: MetricFamily): void {
  if (type === 'counter') {
    const bad = samples.find(({ value }) => !(value >= 0));
    if (bad !== undefined) throw new Error(`${name} is ${bad.value}`);
  }
  if (type !== 'histogram') return;
  const groups = new Map<string, MetricSample[]>();
  for (const sample of samples) {
    const others = Object.entries(sample.labels).filter(([label]) => label !== 'le');
    const key = JSON.stringify(others.sort());
    groups.set(key, [...(groups.get(key) ?? []), sample]);
  }
  for (const group of groups.values()) assertBuckets(name, group);
}

function assertBuckets(name: string, samples: readonly MetricSample[]): void {
  const buckets = samples.filter((sample) => sample.name === `${name}_bucket`);
  const bounds = buckets.map(({ labels }) => Number(labels['le']?.replace('Inf', 'Infinity')));
  const values = buckets.map(({ value }) => value);
  const isAscending = (numbers: readonly number[], strictly: boolean): boolean =>
    numbers.every((number, at) => {
      const before = numbers[at - 1] ?? -Infinity;
      return strictly ? number > before : number >= before;
    });
  const count = samples.filter((sample) => sample.name === `${name}_count`);
  const sum = samples.filter((sample) => sample.name === `${name}_sum`);
  const isSound =
    isAscending(bounds, true) &&
    isAscending(values, false) &&
    bounds.at(-1) === Infinity &&
    count.length === 1 &&
    sum.length === 1 &&
    count[0]?.value === values.at(-1);
  if (!isSound) throw new Error(`the buckets of ${name}: ${JSON.stringify(samples)}`);
}
