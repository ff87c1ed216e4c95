export { applyDeltaPage } from './apply-deltas.js';
export type { AppliedDeltas, DeltaPage } from './user-delta.js';
