import type { RunProgress, RunSummary } from './client.port.js';
import type { SendFailure } from './send-parcel.js';

/** How a call for a run ended. Only `finished` means that the whole file is at the server. */
export type RunEnd =
  | { readonly kind: 'finished'; readonly summary: RunSummary }
  | { readonly kind: 'stopped'; readonly progress: RunProgress }
  | {
      readonly kind: 'send-failed';
      readonly url: string;
      readonly failure: Exclude<SendFailure, { kind: 'too-old' }>;
      readonly progress: RunProgress;
    }
  | {
      readonly kind: 'too-old';
      readonly statePath: string;
      readonly runId: string;
      readonly line: number;
      /** ISO 8601. */
      readonly sentSince: string;
    }
  | { readonly kind: 'setting-invalid'; readonly variable: string; readonly complaint: string }
  | {
      readonly kind: 'file-unreadable';
      readonly file: string;
      readonly missing: boolean;
      readonly cause: string;
    }
  | {
      readonly kind: 'file-changed';
      readonly file: string;
      readonly statePath: string;
      readonly runId: string;
      /** Seen while it was being sent, not before. */
      readonly whileSending: boolean;
    }
  | { readonly kind: 'state-unreadable'; readonly statePath: string; readonly reason: string }
  | { readonly kind: 'state-unwritable'; readonly statePath: string; readonly cause: string };
