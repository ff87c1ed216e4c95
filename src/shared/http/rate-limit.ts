import type { IncomingMessage } from 'node:http';
import { Injectable } from '@nestjs/common';
import type { ApiKey } from '../config/api-keys.js';
import { AppConfig } from '../config/app-config.js';
import { callerOf } from './access.js';
import { InternalKey } from './internal-key.js';
import { Problem } from './problem.js';

/** What a key may still send at `at` (ms, monotonic): below zero it is in debt. */
interface Bucket {
  events: number;
  at: number;
}

/**
 * How many events a key may send per second, averaged: `KEY_EVENTS_PER_SECOND_MAX`. Each key has a
 * bucket that holds the events of one second. Who has something in it may take more than that, and
 * is in debt then: so a large batch passes as a whole, and the next one waits.
 */
@Injectable()
export class RateLimit {
  /** One for each key, and one for all callers without: as many as are configured, and one. */
  private readonly buckets = new Map<ApiKey | null, Bucket>();

  constructor(
    private readonly config: AppConfig,
    private readonly internal: InternalKey,
  ) {}

  /**
   * Asked for events of a request after `Access` has let it in. The keys that this process made for
   * itself have no limit.
   * @returns null and counts the events, or the 429 to answer, and counts nothing.
   */
  take(request: IncomingMessage, events: number): Problem | null {
    const { keyEventsPerSecondMax: perSecond } = this.config;
    if (perSecond === 0) return null;
    const caller = callerOf(request);
    if (caller !== null && this.internal.keys.includes(caller)) return null;
    const bucket = this.refilled(caller, performance.now());
    // An empty array is worth an answer at any time.
    if (bucket.events > 0 || events === 0) {
      bucket.events -= events;
      return null;
    }
    return refusal(caller, perSecond, -bucket.events);
  }

  private refilled(caller: ApiKey | null, now: number): Bucket {
    const { keyEventsPerSecondMax: perSecond } = this.config;
    const bucket = this.buckets.get(caller) ?? { events: perSecond, at: now };
    this.buckets.set(caller, bucket);
    bucket.events = Math.min(perSecond, bucket.events + ((now - bucket.at) * perSecond) / 1_000);
    bucket.at = now;
    return bucket;
  }
}

function refusal(caller: ApiKey | null, perSecond: number, debt: number): Problem {
  const who = caller === null ? 'all callers together' : `the key "${caller.name}"`;
  const retryAfterSeconds = Math.max(1, Math.ceil(debt / perSecond));
  const detail = `${who} may send ${perSecond} events per second (KEY_EVENTS_PER_SECOND_MAX)`;
  return new Problem({ status: 429, code: 'RATE_LIMITED', detail, retryAfterSeconds });
}
