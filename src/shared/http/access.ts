import { SetMetadata } from '@nestjs/common';
import type { Request } from 'express';
import type { ApiKey, Scope } from '../config/api-keys.js';

export const SCOPE_METADATA = 'revenue-etl:scope';

/** Routes that anybody may call, keys or not: health checks. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(SCOPE_METADATA, 'public');

/** The scope that a key needs for this route; `read` where nothing is said. */
export const NeedsScope = (scope: Scope): MethodDecorator & ClassDecorator =>
  SetMetadata(SCOPE_METADATA, scope);

/** The key of an `Authorization: Bearer` header, or null. */
export function bearerOf(request: Request): string | null {
  const match = /^Bearer ([^\s]+)$/i.exec(request.headers.authorization ?? '');
  return match?.[1] ?? null;
}

const callers = new WeakMap<Request, ApiKey>();

/** Whose key came with a request. For the guard, which alone has proved it. */
export function noteCaller(request: Request, key: ApiKey): void {
  callers.set(request, key);
}

/** The key that a request came with; null for none, and for one that is unknown. */
export const callerOf = (request: Request): ApiKey | null => callers.get(request) ?? null;
