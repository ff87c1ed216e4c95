export { addToHours, rollUpHours, type HourPage } from './add-to-hours.js';
export { applyDeltaPage } from './apply-deltas.js';
export type { AppliedDeltas, DeltaPage } from './user-delta.js';
