import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { digestOfKey, type ApiKey } from '../config/api-keys.js';

/**
 * A key that this process makes for itself at boot, so that its own client may send events to its
 * own listener whatever keys are configured. It never leaves the process's memory.
 */
@Injectable()
export class InternalKey {
  readonly secret = randomBytes(32).toString('base64url');

  readonly key: ApiKey = {
    name: 'internal',
    digest: digestOfKey(this.secret),
    scopes: new Set(['ingest']),
  };
}
