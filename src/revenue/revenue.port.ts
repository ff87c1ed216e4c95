export { applyDeltas } from './apply-deltas.js';
export type { AppliedDeltas } from './user-delta.js';
