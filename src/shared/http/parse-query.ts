import { Problem } from './problem.js';

/**
 * The query of a request, without replacement characters for what is no UTF-8: `%ff` and `%fe`
 * would ask for the same user. A name that comes again has an array of its values.
 * @throws Problem 400 for a percent-encoding that is none.
 */
export function parseQuery(text: string | null | undefined): Record<string, string | string[]> {
  const values = new Map<string, string[]>();
  for (const pair of (text ?? '').split('&')) {
    if (pair === '') continue;
    const [name = '', ...rest] = pair.split('=');
    const key = decode(name);
    values.set(key, [...(values.get(key) ?? []), decode(rest.join('='))]);
  }
  // fromEntries makes `__proto__` a name like any other.
  return Object.fromEntries(
    [...values].map(([name, all]) => [name, all.length === 1 ? (all[0] ?? '') : all]),
  );
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    const detail = `the query has a percent-encoding that is no UTF-8: ${text.slice(0, 100)}`;
    throw new Problem({ status: 400, code: 'QUERY_INVALID', detail });
  }
}
