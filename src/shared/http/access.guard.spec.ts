import { Reflector } from '@nestjs/core';
import type { ExecutionContext } from '@nestjs/common';
import { describe, expect, it } from '@jest/globals';
import type { Request } from 'express';
import { digestOfKey, type ApiKey } from '../config/api-keys.js';
import { AppConfig } from '../config/app-config.js';
import { AccessGuard } from './access.guard.js';
import { Access, callerOf } from './access.js';
import { NeedsScope } from './needs-scope.js';
import { InternalKey } from './internal-key.js';

const SHOP: ApiKey = { name: 'shop', digest: digestOfKey('s3cret'), scopes: new Set(['ingest']) };

class Routes {
  @NeedsScope('ingest')
  events(): string {
    return 'events';
  }

  users(): string {
    return 'users';
  }
}

function guarded(keys: readonly ApiKey[]) {
  const config = Object.assign(new AppConfig(), { apiKeys: keys, allowedHosts: new Set(['shop']) });
  const internal = new InternalKey();
  const guard = new AccessGuard(new Access(config, internal), new Reflector());
  const call = (authorization: string | undefined, route: 'events' | 'users' = 'events') => {
    const headers = { host: 'shop', authorization };
    const request = { method: 'POST', headers } as unknown as Request;
    const context = {
      getHandler: () => Routes.prototype[route],
      getClass: () => Routes,
      switchToHttp: () => ({ getRequest: () => request }),
    } as unknown as ExecutionContext;
    guard.canActivate(context);
    return callerOf(request);
  };
  return { call, internal };
}

describe('whose key a request came with', () => {
  it.each([
    ['without keys', []],
    ['with keys', [SHOP]],
  ] as const)('is known of the own ones, apart from each other, %s', (_, keys) => {
    const { call, internal } = guarded(keys);
    const { key, secret } = internal.corrections;
    expect(call(`Bearer ${secret}`)).toBe(key);
    const client = call(`Bearer ${internal.secret}`);
    expect(client?.name).toBe('internal');
    expect(client).not.toBe(key);
  });

  it('is known of a configured one', () => {
    expect(guarded([SHOP]).call('Bearer s3cret')).toBe(SHOP);
  });

  it('is nobody for no key and for an unknown one', () => {
    const { call } = guarded([]);
    expect([call(undefined), call('Bearer s3cret')]).toEqual([null, null]);
  });

  it('is nobody for the own keys of another process', () => {
    const [one, other] = [guarded([]), guarded([])];
    expect(one.call(`Bearer ${other.internal.corrections.secret}`)).toBeNull();
  });

  it('does not let the own keys do more than send events', () => {
    const { call, internal } = guarded([SHOP]);
    for (const secret of [internal.secret, internal.corrections.secret]) {
      expect(() => call(`Bearer ${secret}`, 'users')).toThrow('lacks the scope "read"');
    }
  });
});
