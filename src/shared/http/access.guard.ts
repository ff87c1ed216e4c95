import { Injectable, type CanActivate, type ExecutionContext } from '@nestjs/common';
import { Reflector } from '@nestjs/core';
import type { Request } from 'express';
import type { Scope } from '../config/api-keys.js';
import { Access } from './access.js';
import { SCOPE_METADATA } from './needs-scope.js';

/** Asks `Access` about every route of Nest. Runs before a body is read. */
@Injectable()
export class AccessGuard implements CanActivate {
  constructor(
    private readonly access: Access,
    private readonly reflector: Reflector,
  ) {}

  canActivate(context: ExecutionContext): boolean {
    const targets = [context.getHandler(), context.getClass()];
    const needed = this.reflector.getAllAndOverride<Scope | 'public' | undefined>(
      SCOPE_METADATA,
      targets,
    );
    if (needed === 'public') return true;
    this.access.admit(context.switchToHttp().getRequest<Request>(), needed ?? 'read');
    return true;
  }
}
