import type { Express } from 'express';
import helmet from 'helmet';
import { requestIdOf } from './request-id.js';
import type { RequestLog } from './request-log.js';
import { problemCodeOf } from './write-problem.js';

/**
 * What the pages of this process need, and nothing from elsewhere. Styles within a page are allowed because
 * Swagger UI's scripts set some; scripts are not. No `upgrade-insecure-requests`: the listeners speak plain HTTP.
 */
const POLICY = {
  useDefaults: false,
  directives: {
    'default-src': ["'none'"],
    'script-src': ["'self'"],
    'style-src': ["'self'", "'unsafe-inline'"],
    'img-src': ["'self'", 'data:'],
    'font-src': ["'self'"],
    'connect-src': ["'self'"],
    'base-uri': ["'none'"],
    'form-action': ["'none'"],
    'frame-ancestors': ["'none'"],
  },
};

/**
 * What every answer of Express has: a request id, a line in the log, the headers that keep browsers from
 * doing more with it than is meant. To be called before any route is added. There are no CORS headers on
 * purpose: pages of other origins are to read nothing.
 */
export function prepareExpress(express: Express, requests: RequestLog): void {
  express.disable('x-powered-by').disable('etag');
  express.use((request, response, next) => {
    response.setHeader('X-Request-Id', requestIdOf(request));
    response.once('finish', () => {
      requests.note(request, response.statusCode, problemCodeOf(response));
    });
    next();
  });
  // Whoever puts TLS in front says so by themselves: it would bind other services of this host name, too.
  const frames = { action: 'deny' } as const;
  express.use(
    helmet({
      contentSecurityPolicy: POLICY,
      strictTransportSecurity: false,
      xFrameOptions: frames,
    }),
  );
}
