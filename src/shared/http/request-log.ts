import type { IncomingMessage } from 'node:http';
import { Injectable, Logger, type OnModuleDestroy } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { callerOf } from './access.js';
import { noteOnce, requestIdOf, startOf } from './request-id.js';

/** A flood of refused requests is told by its first lines and a count: it must not fill the disk. */
const REFUSED_LINES_PER_SECOND_MAX = 50;
const PATH_CHARACTERS_MAX = 200;

/** What was answered to bytes that are no request. */
export interface UnreadRequest {
  readonly status: number;
  readonly code: string;
  readonly requestId: string;
}

/**
 * One line for each request that was refused, and for a sample of those that were not
 * (`LOG_ACCEPTED_EVERY`): never a query, a header, a body or a key in it. Of refused ones at most 50 a second
 * have a line of their own; a line says how many had none.
 */
@Injectable()
export class RequestLog implements OnModuleDestroy {
  private readonly logger = new Logger('Http');
  private accepted = 0;
  private lines = 0;
  private leftOut = 0;
  /** Runs from the first refused request of a second to that second's end. */
  private second: NodeJS.Timeout | null = null;

  constructor(private readonly config: AppConfig) {}

  /** When the answer is written. A second call for a request does nothing. @param code of the problem */
  note(request: IncomingMessage, status: number, code?: string): void {
    const isRefused = status >= 400;
    if (!noteOnce(request)) return;
    if (isRefused ? !this.hasRoom() : !this.isSample()) return;
    const line = {
      method: request.method,
      path: pathOf(request),
      status,
      ...(code === undefined ? {} : { code }),
      requestId: requestIdOf(request),
      key: callerOf(request)?.name ?? null,
      ms: Math.round((performance.now() - startOf(request)) * 10) / 10,
    };
    if (isRefused) this.logger.warn({ message: 'refused', ...line });
    else this.logger.log({ message: 'accepted', ...line });
  }

  noteUnread(unread: UnreadRequest): void {
    if (this.hasRoom()) this.logger.warn({ message: 'refused', ...unread });
  }

  onModuleDestroy(): void {
    this.endSecond();
  }

  private isSample(): boolean {
    const { logAcceptedEvery } = this.config;
    if (logAcceptedEvery === 0) return false;
    this.accepted = (this.accepted + 1) % logAcceptedEvery;
    return this.accepted === 0;
  }

  private hasRoom(): boolean {
    this.second ??= setTimeout(() => {
      this.endSecond();
    }, 1_000).unref();
    this.lines += 1;
    if (this.lines <= REFUSED_LINES_PER_SECOND_MAX) return true;
    this.leftOut += 1;
    return false;
  }

  private endSecond(): void {
    if (this.second !== null) clearTimeout(this.second);
    if (this.leftOut > 0) {
      const message = 'more requests were refused within a second than are logged';
      this.logger.warn({ message, leftOut: this.leftOut });
    }
    this.second = null;
    this.lines = this.leftOut = 0;
  }
}

/** Without the query; and without a host, which a request line may have, with a password in it. */
const pathOf = ({ url = '' }: IncomingMessage): string =>
  url
    .replace(/[?#].*$/s, '')
    .replace(/^[a-z][a-z\d+.-]*:\/\/[^/]*/i, '')
    .slice(0, PATH_CHARACTERS_MAX);
