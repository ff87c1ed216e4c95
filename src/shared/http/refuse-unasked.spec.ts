import type { IncomingMessage } from 'node:http';
import { describe, expect, it } from '@jest/globals';
import { methodNotAllowed, refuseCrossSite, refuseUnasked } from './refuse-unasked.js';

const OURS = new Set(['localhost', '127.0.0.1', '::1', 'shop.test']);

const asked = (headers: Record<string, string>, method = 'POST'): IncomingMessage =>
  ({ method, headers: { host: 'localhost:8000', ...headers } }) as unknown as IncomingMessage;

describe('what changes something', () => {
  it.each([
    [{}],
    [{ 'sec-fetch-site': 'none' }],
    [{ 'sec-fetch-site': 'same-origin' }],
    [{ origin: 'http://localhost:8000' }],
    [{ origin: 'http://LOCALHOST:8000' }],
    [{ origin: 'http://[::1]:8000', host: '[::1]:8000' }],
    [{ origin: 'https://shop.test', host: 'shop.test' }],
    [{ origin: 'https://shop.test', host: 'shop.test:443' }],
    [{ 'sec-fetch-mode': 'cors' }], // all that Node's fetch sends
  ])('is done for this process, and for programs: %j', (headers) => {
    expect(() => {
      refuseCrossSite(asked(headers), OURS);
    }).not.toThrow();
  });

  it.each([
    [{ 'sec-fetch-site': 'cross-site' }],
    [{ 'sec-fetch-site': 'same-site' }],
    [{ 'sec-fetch-site': 'same-origin', origin: 'http://evil.test' }],
    [{ origin: 'null' }],
    [{ origin: '' }],
    [{ origin: 'http://evil.test' }],
    [{ origin: 'http://localhost.evil.test:8000' }],
    [{ origin: 'http://localhost:9999' }],
    [{ origin: 'http://localhost' }],
    [{ origin: 'http://shop.test' }], // ours, but not where the request went
    [{ origin: 'http://evil.test', host: 'evil.test' }], // a name that was bound anew
    [{ origin: 'file://localhost:8000' }],
    [{ origin: 'http://localhost:8000, http://evil.test' }],
    [{ origin: 'http://localhost:8000@evil.test' }],
    [{ origin: 'http://localhost:8000', host: 'a b' }],
  ])('is not done for a page of another site: %j', (headers) => {
    expect(() => {
      refuseCrossSite(asked(headers), OURS);
    }).toThrow(expect.objectContaining({ code: 'CROSS_SITE_REQUEST' }));
  });

  it.each(['prefetch', 'prefetch;prerender'])('is not done ahead of a click: %s', (purpose) => {
    expect(() => {
      refuseUnasked(asked({ 'sec-purpose': purpose }, 'GET'));
    }).toThrow(expect.objectContaining({ code: 'CROSS_SITE_REQUEST' }));
  });

  it('is not done for HEAD, which says what may be used', () => {
    expect(() => {
      refuseUnasked(asked({}, 'HEAD'));
    }).toThrow(expect.objectContaining({ code: 'METHOD_NOT_ALLOWED' }));
    expect(methodNotAllowed('PUT').headers).toEqual({ Allow: 'GET, POST' });
  });
});
