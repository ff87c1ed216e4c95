import { timingSafeEqual } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import { digestOfKey, type ApiKey, type Scope } from '../config/api-keys.js';
import { AppConfig } from '../config/app-config.js';
import { hostName } from '../config/host-name.js';
import { InternalKey } from './internal-key.js';
import { Problem } from './problem.js';
import { askForBody } from './expected-body.js';
import { refuseCrossSite, refuseUnasked } from './refuse-unasked.js';

/** A member of the request: entries of a WeakMap would be felt at the rate of single events. */
const CALLER = Symbol('revenue-etl:caller');

type Called = IncomingMessage & { [CALLER]?: ApiKey };

/** The key that a request came with; null for none, and for one that is unknown. */
export const callerOf = (request: Called): ApiKey | null => request[CALLER] ?? null;

/**
 * Who may call what. First the Host header (a web page that rebinds its own name to this machine
 * carries that name), then, when keys are configured, the key and its scope. To be asked before a body
 * is read, so that a refused request stores nothing.
 */
@Injectable()
export class Access {
  /** Nearly all requests have the same Host header: taking it apart for each would be felt. */
  private lastAllowed: string | null = null;

  constructor(
    private readonly config: AppConfig,
    private readonly internal: InternalKey,
  ) {}

  /**
   * Lets a request in, remembers whose key it came with, and asks for its body where the sender waits for that.
   * @throws Problem 401, 403, 405 or 421
   */
  admit(request: Called, needed: Scope): void {
    const key = this.findKey(bearerOf(request));
    if (key !== null) request[CALLER] = key;
    if (key === null || !this.internal.keys.includes(key)) this.checkHost(request);
    if (this.config.apiKeys.length > 0) this.checkScope(key, needed);
    if (needed !== 'read') refuseCrossSite(request, this.config.allowedHosts);
    if (needed === 'admin') refuseUnasked(request);
    askForBody(request);
  }

  /** Compares with every key, each in constant time, so that time tells nothing about any. */
  private findKey(bearer: string | null): ApiKey | null {
    if (bearer === null) return null;
    const digest = digestOfKey(bearer);
    let found: ApiKey | null = null;
    for (const key of [...this.config.apiKeys, ...this.internal.keys]) {
      if (timingSafeEqual(key.digest, digest)) found = key;
    }
    return found;
  }

  private checkHost(request: IncomingMessage): void {
    const { host = '' } = request.headers;
    if (host === this.lastAllowed) return;
    const name = hostName(host);
    if (this.config.allowedHosts.has(name)) {
      this.lastAllowed = host;
      return;
    }
    const detail = `the Host "${name}" is not answered here; ALLOWED_HOSTS lists those that are`;
    throw new Problem({ status: 421, code: 'HOST_NOT_ALLOWED', detail });
  }

  private checkScope(key: ApiKey | null, needed: Scope): void {
    if (key === null) {
      const detail = 'a configured key is needed: Authorization: Bearer <key>';
      const headers = { 'WWW-Authenticate': 'Bearer realm="revenue-etl"' };
      throw new Problem({ status: 401, code: 'KEY_REQUIRED', detail, headers });
    }
    if (!key.scopes.has(needed)) {
      const detail = `the key "${key.name}" lacks the scope "${needed}"`;
      throw new Problem({ status: 403, code: 'SCOPE_MISSING', detail });
    }
  }
}

/** The key of an `Authorization: Bearer` header, or null. */
function bearerOf({ headers }: IncomingMessage): string | null {
  if (headers.authorization === undefined) return null;
  const match = /^Bearer ([^\s]+)$/i.exec(headers.authorization);
  return match?.[1] ?? null;
}
