import { timingSafeEqual } from 'node:crypto';
import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import { digestOfKey, type ApiKey, type Scope } from '../config/api-keys.js';
import { AppConfig } from '../config/app-config.js';
import { hostName } from '../config/host-name.js';
import { bearerOf, noteCaller, SCOPE_METADATA } from './access.js';
import { InternalKey } from './internal-key.js';
import { Problem } from './problem.js';
import { refuseUnasked } from './refuse-unasked.js';

/**
 * Who may call what. First the Host header (a web page that rebinds its own name to this machine
 * carries that name), then, when keys are configured, the key and its scope. Runs before a body is
 * read, so a refused request stores nothing.
 */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly config: AppConfig,
    private readonly internal: InternalKey,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    const needed = this.reflector.getAllAndOverride<Scope | 'public' | undefined>(
      SCOPE_METADATA,
      targets,
    );
    if (needed === 'public') return true;
    const request = context.switchToHttp().getRequest<Request>();
    const key = this.findKey(bearerOf(request));
    if (key !== null) noteCaller(request, key);
    if (key === null || !this.internal.keys.includes(key)) this.checkHost(request);
    if (this.config.apiKeys.length > 0) this.checkScope(key, needed ?? 'read');
    if (needed === 'admin') refuseUnasked(request);
    return true;
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

  private checkHost(request: Request): void {
    const name = hostName(request.headers.host ?? '');
    if (this.config.allowedHosts.has(name)) return;
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
