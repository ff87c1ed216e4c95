export { addToHours, forgetHistory, rollUpHours, type HourPage } from './keep-history.js';
export {
  beginUserHistory,
  hasUserHistory,
  loseUserHistory,
  noteUserHistory,
} from './user-history-state.js';
export {
  addToUserHours,
  estimateUserHours,
  rollUpUserHours,
  type UserHistoryPlace,
} from './keep-user-history.js';
export { applyDeltaPage } from './apply-deltas.js';
export type { AppliedDeltas, DeltaPage } from './user-delta.js';
