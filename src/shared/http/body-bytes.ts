import { Injectable } from '@nestjs/common';
import { AppConfig } from '../config/app-config.js';
import { Problem } from './problem.js';

/** How many bytes of bodies this process holds in memory, all requests together. */
@Injectable()
export class BodyBytes {
  private held = 0;

  constructor(private readonly config: AppConfig) {}

  /** To be given back. @throws Problem 503 when that would be more than the bound. */
  take(bytes: number): void {
    const { bodiesBytesMax } = this.config;
    if (this.held + bytes > bodiesBytesMax) {
      const detail = `the bodies that are being read exceed BODIES_BYTES_MAX (${bodiesBytesMax} bytes)`;
      throw new Problem({ status: 503, code: 'BODIES_FULL', detail, retryAfterSeconds: 1 });
    }
    this.held += bytes;
  }

  give(bytes: number): void {
    this.held -= bytes;
  }
}
