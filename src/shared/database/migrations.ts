import { CreateUsersRevenue1763800000000 } from '../../../migrations/1763800000000-create-users-revenue.js';
import { CreateLoadCheckpoint1763800000001 } from '../../../migrations/1763800000001-create-load-checkpoint.js';
import { CreateDeadLetters1763800000002 } from '../../../migrations/1763800000002-create-dead-letters.js';
import { CreateResubmissions1763800000003 } from '../../../migrations/1763800000003-create-resubmissions.js';
import { CreateLoads1763800000004 } from '../../../migrations/1763800000004-create-loads.js';
import { IndexOpenDeadLetters1763800000005 } from '../../../migrations/1763800000005-index-open-dead-letters.js';
import { CreateRevenueHistory1763800000006 } from '../../../migrations/1763800000006-create-revenue-history.js';
import { CreateUserHistoryState1763800000007 } from '../../../migrations/1763800000007-create-user-history-state.js';
import { CreateUserRevenueHistory1763800000008 } from '../../../migrations/1763800000008-create-user-revenue-history.js';

/** In order. Listed by name: a glob would also run what an earlier build left in `dist`. */
export const MIGRATIONS = [
  CreateUsersRevenue1763800000000,
  CreateLoadCheckpoint1763800000001,
  CreateDeadLetters1763800000002,
  CreateResubmissions1763800000003,
  CreateLoads1763800000004,
  IndexOpenDeadLetters1763800000005,
  CreateRevenueHistory1763800000006,
  CreateUserHistoryState1763800000007,
  CreateUserRevenueHistory1763800000008,
];
