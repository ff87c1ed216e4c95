import { randomUUID } from 'node:crypto';
import { newRunState, type FileFingerprint, type RunState } from './run-state.js';
import type { RunStateStore } from './run-state.store.js';

export type BegunRun =
  | { readonly kind: 'begun'; readonly state: RunState }
  | { readonly kind: 'resumed'; readonly state: RunState }
  | { readonly kind: 'file-changed'; readonly runId: string }
  | { readonly kind: 'state-unreadable'; readonly reason: string };

/**
 * The run that a call is for. A finished one is over, and the next call counts again; one that was
 * interrupted goes on, but only with the very bytes it began with: its ids are line numbers. A new
 * run is on disk before this resolves, hence before anything is sent under its id.
 * @throws RunStateUnwritableError
 */
export async function beginRun(
  store: RunStateStore,
  file: string,
  content: FileFingerprint,
): Promise<BegunRun> {
  const loaded = await store.load();
  if (loaded.kind === 'unreadable') return { kind: 'state-unreadable', reason: loaded.reason };
  if (loaded.kind === 'state' && !loaded.state.finished) {
    const { state } = loaded;
    const same = state.size === content.size && state.sha256 === content.sha256;
    return same ? { kind: 'resumed', state } : { kind: 'file-changed', runId: state.runId };
  }
  const state = newRunState(randomUUID(), file, content);
  await store.save(state);
  return { kind: 'begun', state };
}
