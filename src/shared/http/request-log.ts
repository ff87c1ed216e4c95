import type { IncomingMessage } from 'node:http';
import { Injectable, Logger } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { callerOf } from './access.js';
import { requestIdOf, startOf } from './request-id.js';

/**
 * One line for each request that was refused, and for a sample of those that were not
 * (`LOG_ACCEPTED_EVERY`): never a query, a header, a body or a key in it.
 */
@Injectable()
export class RequestLog {
  private readonly logger = new Logger('Http');
  private accepted = 0;

  constructor(private readonly config: AppConfig) {}

  /** To be called once for each request, when its answer is written. @param code of the problem */
  note(request: IncomingMessage, status: number, code?: string): void {
    if (status < 400 && !this.isSample()) return;
    const line = {
      method: request.method,
      path: pathOf(request),
      status,
      ...(code === undefined ? {} : { code }),
      requestId: requestIdOf(request),
      key: callerOf(request)?.name ?? null,
      ms: Math.round(performance.now() - startOf(request)),
    };
    if (status < 400) this.logger.log(line);
    else this.logger.warn(line);
  }

  private isSample(): boolean {
    const { logAcceptedEvery } = this.config;
    if (logAcceptedEvery === 0) return false;
    this.accepted = (this.accepted + 1) % logAcceptedEvery;
    return this.accepted === 0;
  }
}

const pathOf = ({ url = '' }: IncomingMessage): string => url.replace(/\?.*$/s, '').slice(0, 200);
