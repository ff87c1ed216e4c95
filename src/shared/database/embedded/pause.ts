import { setTimeout as delay } from 'node:timers/promises';

/** Waits; an aborted signal ends the wait early instead of throwing. */
export async function pause(durationMs: number, signal?: AbortSignal): Promise<void> {
  await delay(durationMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
}
