import { createHash } from 'node:crypto';

/** What a key may do: send events, read results, change the system. */
export const SCOPES = ['ingest', 'read', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

/** A configured key. Only its digest is kept, so that no log or dump can show the key itself. */
export interface ApiKey {
  readonly name: string;
  /** SHA-256 of the key. */
  readonly digest: Buffer;
  readonly scopes: ReadonlySet<Scope>;
}

export const digestOfKey = (key: string): Buffer => createHash('sha256').update(key).digest();

const isScope = (text: string): text is Scope => (SCOPES as readonly string[]).includes(text);

export type ParsedApiKeys =
  | { readonly kind: 'keys'; readonly keys: readonly ApiKey[] }
  | { readonly kind: 'bad'; readonly complaint: string };

/**
 * Parses `name:key[:scopes]` entries, separated by commas or line ends; several scopes are joined
 * by `+` (`ci:s3cret:ingest+read`). Lines that begin with `#` are comments. The complaint names the
 * entry by its position, never by its text: it may hold a key.
 */
export function parseApiKeys(text: string): ParsedApiKeys {
  const keys: ApiKey[] = [];
  const entries = text
    .split(/\r?\n/)
    .filter((line) => !line.trimStart().startsWith('#'))
    .flatMap((line) => line.split(','))
    .map((entry) => entry.trim())
    .filter((entry) => entry !== '');
  for (const [index, entry] of entries.entries()) {
    const parsed = parseEntry(entry);
    if (typeof parsed === 'string') return bad(`entry ${index + 1} ${parsed}`);
    if (keys.some((key) => key.name === parsed.name)) {
      return bad(`entry ${index + 1} repeats the name of another entry`);
    }
    if (keys.some((key) => key.digest.equals(parsed.digest))) {
      return bad(`entry ${index + 1} repeats the key of another entry`);
    }
    keys.push(parsed);
  }
  return { kind: 'keys', keys };
}

const bad = (complaint: string): ParsedApiKeys => ({ kind: 'bad', complaint });

function parseEntry(entry: string): ApiKey | string {
  const [name, key, scopeText, ...rest] = entry.split(':');
  if (!name || !key || rest.length > 0) return 'must be name:key or name:key:scopes';
  if (/[^\x21-\x7e]/.test(key)) return 'has a key with characters that no header can carry';
  const scopes = scopeText === undefined ? SCOPES : scopeText.split('+');
  const unknown = scopes.find((scope) => !isScope(scope));
  if (unknown !== undefined) return `has a scope that is none of ${SCOPES.join(', ')}`;
  return {
    name,
    digest: digestOfKey(key),
    scopes: new Set(scopes.filter(isScope)),
  };
}
