import type { InvalidLine } from './client.port.js';

/** What a file held when it was last read from end to end. */
export interface FileFingerprint {
  readonly size: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

/** What survives a crash of a run. */
export interface RunState extends FileFingerprint {
  readonly runId: string;
  readonly file: string;
  /** Every line up to it has been answered; 0 before the first answer. */
  readonly line: number;
  /** No line beyond it has been sent. */
  readonly sentLine: number;
  /**
   * ISO 8601: of the lines from `line` to `sentLine`, none was sent earlier than this, but some may
   * be stored without an answer. Null: none of them is stored.
   */
  readonly sentSince: string | null;
  readonly accepted: number;
  readonly duplicates: number;
  /** Refused by the server. What the client itself refuses is found again by reading the file. */
  readonly rejected: number;
  /** The first of them, at most `INVALID_LINES_KEPT_MAX`. */
  readonly rejectedLines: readonly InvalidLine[];
  readonly finished: boolean;
}

/** A longer list of bad lines helps nobody, and has to stay in memory and in the state file. */
export const INVALID_LINES_KEPT_MAX = 1_000;

const FORMAT = 2;

export function newRunState(runId: string, file: string, content: FileFingerprint): RunState {
  const counts = { line: 0, accepted: 0, duplicates: 0, rejected: 0, rejectedLines: [] };
  const { size, sha256 } = content;
  return { runId, file, size, sha256, ...counts, sentLine: 0, sentSince: null, finished: false };
}

export const encodeRunState = (state: RunState): string =>
  `${JSON.stringify({ format: FORMAT, ...state })}\n`;

export type DecodedRunState =
  | { readonly kind: 'state'; readonly state: RunState }
  | { readonly kind: 'unreadable'; readonly reason: string };

/** A state that is torn or was edited is refused as a whole: half of it would count money twice. */
export function decodeRunState(text: string): DecodedRunState {
  const json = parse(text);
  if (json === null) return unreadable('it is not a JSON object');
  if (json['format'] !== FORMAT) return unreadable(`its format is not ${FORMAT}`);
  const bad = Object.entries(RULES).find(([property, rule]) => !rule(json[property]));
  if (bad !== undefined) return unreadable(`"${bad[0]}" is missing or not valid`);
  delete json['format'];
  return { kind: 'state', state: json as unknown as RunState };
}

const unreadable = (reason: string): DecodedRunState => ({ kind: 'unreadable', reason });

function parse(text: string): Record<string, unknown> | null {
  try {
    const json: unknown = JSON.parse(text);
    return isObject(json) ? json : null;
  } catch {
    return null;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);
const isText = (value: unknown): boolean => typeof value === 'string';
const isTime = (value: unknown): boolean =>
  typeof value === 'string' && !Number.isNaN(Date.parse(value));
const isCount = (value: unknown): boolean => Number.isSafeInteger(value) && Number(value) >= 0;
const matches = (pattern: RegExp) => (value: unknown) =>
  typeof value === 'string' && pattern.test(value);

const isInvalidLine = (value: unknown): boolean =>
  isObject(value) && isCount(value['line']) && isText(value['code']) && isText(value['message']);

const RULES: Record<keyof RunState, (value: unknown) => boolean> = {
  runId: matches(/^[0-9a-f-]{36}$/),
  file: isText,
  size: isCount,
  sha256: matches(/^[0-9a-f]{64}$/),
  line: isCount,
  sentLine: isCount,
  sentSince: (value) => value === null || isTime(value),
  accepted: isCount,
  duplicates: isCount,
  rejected: isCount,
  rejectedLines: (value) => Array.isArray(value) && value.every(isInvalidLine),
  finished: (value) => typeof value === 'boolean',
};
