import type { IncomingMessage } from 'node:http';
import { hostName } from '../config/host-name.js';
import { Problem } from './problem.js';

/**
 * For all that changes something: a page of another site can make a browser send requests with whatever
 * access its user has by where the machine stands, which only the browser's own headers tell. `Sec-Fetch-Site` is
 * left out by browsers on plain HTTP to other machines, `Origin` on GET; no program needs to send either.
 * @param allowed host names, lower-case
 * @throws Problem 403.
 */
export function refuseCrossSite({ headers }: IncomingMessage, allowed: ReadonlySet<string>): void {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin' && site !== 'none') throw crossSite();
  const { origin, host = '' } = headers;
  if (origin !== undefined && !isOwnOrigin(origin, host, allowed)) throw crossSite();
}

/**
 * For routes that change something although they are GETs, because their users know them so. Express
 * would serve a HEAD by the handler of GET, so that a monitor's probe would do it; and a browser may send
 * a GET ahead of a click.
 * @throws Problem 405 or 403.
 */
export function refuseUnasked({ method, headers }: IncomingMessage): void {
  if (method === 'HEAD') throw methodNotAllowed('HEAD');
  if (/prefetch|prerender/.test(String(headers['sec-purpose'] ?? ''))) throw crossSite();
}

/** Of a route that takes GET and POST. */
export function methodNotAllowed(method: string): Problem {
  const detail = `${method} does nothing here; use POST or GET`;
  const headers = { Allow: 'GET, POST' };
  return new Problem({ status: 405, code: 'METHOD_NOT_ALLOWED', detail, headers });
}

/** An origin of this process, as the browser calls it: the one that the request went to. */
function isOwnOrigin(origin: string, host: string, allowed: ReadonlySet<string>): boolean {
  if (!/^https?:\/\//i.test(origin) || !URL.canParse(origin)) return false; // `null`, among others
  const from = new URL(origin);
  const to = `${from.protocol}//${host}`;
  if (!URL.canParse(to) || new URL(to).host !== from.host) return false;
  return allowed.has(hostName(from.host));
}

function crossSite(): Problem {
  const detail = 'this is not done for another site or ahead of a click';
  return new Problem({ status: 403, code: 'CROSS_SITE_REQUEST', detail });
}
