/** What `GET /status/live` tells, as far as the page shows it. */
interface Finding {
  readonly part: string;
  readonly code: string;
  readonly message: string;
}

interface Live {
  readonly at: string;
  readonly uptimeSeconds: number;
  readonly readiness: {
    readonly status: 'ready' | 'not_ready' | 'shutting_down';
    readonly failing: readonly Finding[];
    readonly degraded: readonly Finding[];
  };
  readonly status: {
    readonly log: { readonly endOffset: number; readonly bytes: number };
    readonly checkpoint: { readonly offset: number; readonly events: number } | null;
    readonly lag: { readonly bytes: number | null; readonly seconds: number | null };
    readonly lastLoad: {
      readonly toOffset: number;
      readonly events: number;
      readonly users: number;
      readonly durationMs: number;
      readonly committedAt: string;
    } | null;
    readonly deadLetters: number | null;
  };
  readonly counts: {
    readonly accepted: number;
    readonly duplicates: number;
    readonly rejected: number;
  };
  readonly disk: {
    readonly freeBytes: number;
    readonly totalBytes: number;
    readonly freeBytesMin: number;
  } | null;
}

/** How the connection to the application is. */
type Connection =
  | { readonly kind: 'connecting' }
  | { readonly kind: 'live' }
  | { readonly kind: 'lost'; readonly why: string; readonly retrySeconds: number }
  | { readonly kind: 'locked'; readonly why: string };

/** What uplot.js, a classic script, leaves in the page. */
// eslint-disable-next-line @typescript-eslint/consistent-type-imports -- an import would make a module of this file
declare const uPlot: typeof import('uplot');
