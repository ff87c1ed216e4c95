import type { AppConfig } from '../shared/config/app-config.js';

/** Where events go, and with which key. */
export interface IngestTarget {
  readonly url: URL;
  /** The value of the `Authorization` header, or null. */
  readonly authorization: string | null;
}

export interface OwnIngest {
  readonly serverUrl: string;
  readonly secret: string;
}

export type ChosenTarget =
  | { readonly kind: 'target'; readonly target: IngestTarget }
  | { readonly kind: 'setting-invalid'; readonly variable: string; readonly complaint: string };

/**
 * The configured ingest, or this process's own. A configured key goes to whichever it is; the
 * internal secret only ever goes to the own listener.
 */
export function chooseTarget(config: AppConfig, own: () => OwnIngest): ChosenTarget {
  const { ingestUrl, ingestApiKey } = config;
  if (/[^\x21-\x7e]/.test(ingestApiKey)) {
    const complaint = 'has characters that no HTTP header can carry';
    return { kind: 'setting-invalid', variable: 'INGEST_API_KEY', complaint };
  }
  if (ingestUrl === '') {
    const { serverUrl, secret } = own();
    const key = ingestApiKey === '' ? secret : ingestApiKey;
    return { kind: 'target', target: { url: eventsUrl(serverUrl), authorization: bearer(key) } };
  }
  const url = eventsUrl(ingestUrl);
  if (url.username !== '' || url.password !== '') {
    const complaint = 'must not hold a user or a password; set INGEST_API_KEY to the key';
    return { kind: 'setting-invalid', variable: 'INGEST_URL', complaint };
  }
  const authorization = ingestApiKey === '' ? null : bearer(ingestApiKey);
  return { kind: 'target', target: { url, authorization } };
}

const bearer = (key: string): string => `Bearer ${key}`;

/** `<ingest>/events`, under whatever path the ingest has; a URL that names the route is taken as is. */
function eventsUrl(base: string): URL {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = path.endsWith('/events') ? path : `${path}/events`;
  return url;
}

/** The URL for messages: a query may hold something secret. */
export const shownUrl = ({ url }: IngestTarget): string => `${url.origin}${url.pathname}`;
