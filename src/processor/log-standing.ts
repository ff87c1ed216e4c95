import type { WrongLogCode } from './prove-checkpoint.js';

/** Whether the log of this process is the one that the database has loaded. */
export type LogStanding =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'right' }
  | { readonly kind: 'wrong-log'; readonly code: WrongLogCode; readonly message: string };
