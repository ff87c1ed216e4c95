export { applyDeltas } from './apply-deltas.js';
export type { AppliedDeltas, UserDelta } from './user-delta.js';
