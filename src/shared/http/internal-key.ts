import { randomBytes } from 'node:crypto';
import { Injectable } from '@nestjs/common';
import { digestOfKey, type ApiKey } from '../config/api-keys.js';

interface OwnKey {
  readonly secret: string;
  readonly key: ApiKey;
}

function makeKey(name: string): OwnKey {
  const secret = randomBytes(32).toString('base64url');
  return { secret, key: { name, digest: digestOfKey(secret), scopes: new Set(['ingest']) } };
}

/**
 * Keys that this process makes for itself at boot, so that it may send events to its own listener
 * whatever keys are configured. They never leave the process's memory.
 */
@Injectable()
export class InternalKey {
  private readonly client = makeKey('internal');

  /** For the corrected events of dead letters, and nothing else: with it, and only so, ids may be reserved ones. */
  readonly corrections = makeKey('internal-corrections');

  /** The client's: what it sends is somebody's file, judged like anybody's events. */
  readonly secret = this.client.secret;

  readonly keys: readonly ApiKey[] = [this.client.key, this.corrections.key];
}
