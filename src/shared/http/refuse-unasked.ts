import type { IncomingMessage } from 'node:http';
import { Problem } from './problem.js';

/**
 * For routes that change something although they are GETs, because their users know them so: what
 * nobody asked for does not reach them. Express would serve a HEAD by the handler of GET, so that a
 * monitor's probe would do it; and a page of another site can make a browser send a GET, as an image
 * or ahead of a click, which only the browser's own headers tell.
 * @throws Problem 405 or 403.
 */
export function refuseUnasked({ method, headers }: IncomingMessage): void {
  if (method === 'HEAD') {
    const detail = 'HEAD changes nothing; use GET';
    throw new Problem({
      status: 405,
      code: 'METHOD_NOT_ALLOWED',
      detail,
      headers: { Allow: 'GET' },
    });
  }
  const site = headers['sec-fetch-site'];
  const ownSite = site === undefined || site === 'same-origin' || site === 'none';
  const prefetch = /prefetch|prerender/.test(String(headers['sec-purpose'] ?? ''));
  if (ownSite && !prefetch) return;
  const detail = 'this is not done for another site or ahead of a click';
  throw new Problem({ status: 403, code: 'CROSS_SITE_REQUEST', detail });
}
