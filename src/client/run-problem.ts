import { Problem } from '../shared/http/problem.js';
import { PARCEL_MEDIA_TYPE } from './packer.js';
import type { RunEnd } from './run-end.js';
import type { SendFailure } from './send-parcel.js';

type Unfinished = Exclude<RunEnd, { kind: 'finished' }>;

const GO_ON = 'call again to go on with this run';

/** What a caller is told about a run that did not finish: what happened, and what to do. */
export function runProblem(end: Unfinished): Problem {
  switch (end.kind) {
    case 'stopped':
      return new Problem({
        status: 503,
        code: 'RUN_STOPPED',
        detail:
          'the application is shutting down and has stopped the run; ' +
          'call again after the restart to go on with it',
        members: { progress: end.progress },
      });
    case 'send-failed':
      return sendProblem(end);
    case 'setting-invalid': {
      const detail = `${end.variable} ${end.complaint}`;
      return new Problem({ status: 500, code: 'CLIENT_SETTING_INVALID', detail });
    }
    case 'file-unreadable': {
      const detail = `the events file ${end.file} cannot be read (${end.cause}); EVENTS_FILE names it`;
      return new Problem({
        status: end.missing ? 404 : 400,
        code: 'EVENTS_FILE_UNREADABLE',
        detail,
      });
    }
    case 'file-changed':
      return fileChangedProblem(end);
    case 'too-old':
      return tooOldProblem(end);
    case 'state-unreadable': {
      const detail =
        `the state of the last run, ${end.statePath}, cannot be used: ${end.reason}. Without it nobody ` +
        'knows whether that run was finished, and a new one would count its events again. Put the file ' +
        'back, or remove it if a new run over the whole events file is what you want';
      return new Problem({ status: 409, code: 'RUN_STATE_UNREADABLE', detail });
    }
    case 'state-unwritable': {
      const detail = `the state of the run cannot be written to ${end.statePath} (${end.cause}); ${GO_ON}`;
      return new Problem({ status: 503, code: 'RUN_STATE_UNWRITABLE', detail });
    }
    default:
      return end satisfies never;
  }
}

/** A second call while a run is going on. */
export const runInProgress = (runId: string | null): Problem =>
  new Problem({
    status: 409,
    code: 'RUN_IN_PROGRESS',
    detail: 'a run is going on already; GET /generateEvents/progress tells how far it is',
    members: { runId },
  });

function fileChangedProblem(end: Extract<Unfinished, { kind: 'file-changed' }>): Problem {
  const happened = end.whileSending
    ? 'was written to while it was being sent'
    : 'is not the one that the unfinished run began with';
  const detail =
    `${end.file} ${happened}. The run ${end.runId} knows its events by line number, so going on with ` +
    'other content would skip some events and refuse others. Put the file back as it was and call ' +
    `again; or remove ${end.statePath} to begin a new run, which sends every line of the file again, ` +
    'also those that were counted already';
  const members = { runId: end.runId, statePath: end.statePath };
  return new Problem({ status: 409, code: 'RUN_FILE_CHANGED', detail, members });
}

function tooOldProblem(end: Extract<Unfinished, { kind: 'too-old' }>): Problem {
  const { runId, statePath, line, sentSince } = end;
  const detail =
    `events of the run ${runId} after line ${line} were sent at ${sentSince} or later, and nobody knows ` +
    'which of them are stored. Their ids may be forgotten by now (DEDUPE_WINDOW_SECONDS), and then they ' +
    'would be counted twice, so they are not sent again. What is missing can be found in the staging ' +
    `log: node scripts/missing-events.mjs '${statePath}' DATA_DIR/staging/*.jsonl > missing.jsonl; ` +
    'restart with EVENTS_FILE=missing.jsonl, call again, and remove that state file afterwards. ' +
    'docs/operations.md tells more, under "A run of the client that stays unfinished"';
  const members = { runId, statePath, line, sentSince };
  return new Problem({ status: 409, code: 'RUN_TOO_OLD', detail, members });
}

function sendProblem(end: Extract<Unfinished, { kind: 'send-failed' }>): Problem {
  const { failure, url, progress } = end;
  const members = { progress };
  switch (failure.kind) {
    case 'unreachable': {
      const tried = `${failure.attempts} ${failure.attempts === 1 ? 'attempt' : 'attempts'}`;
      const detail = `no answer from ${url} after ${tried}: ${failure.cause}; ${GO_ON}`;
      return new Problem({ status: 502, code: 'INGEST_UNREACHABLE', detail, members });
    }
    case 'unavailable': {
      const detail =
        `${url} took nothing in ${failure.attempts} attempts and at last answered ` +
        `${said(failure.refusal)}; ${GO_ON}`;
      return new Problem({ status: 503, code: 'INGEST_UNAVAILABLE', detail, members });
    }
    case 'refused': {
      const detail = `${url} answered ${said(failure.refusal)}. ${remedyOf(failure)}; then ${GO_ON}`;
      return new Problem({ status: 502, code: 'INGEST_REFUSED', detail, members });
    }
    case 'unexpected': {
      const detail =
        `${url} answered ${failure.status} with something that ingest does not say: ${failure.reason}. ` +
        `INGEST_URL must name the base URL of an ingest; then ${GO_ON}`;
      return new Problem({ status: 502, code: 'INGEST_ANSWER_UNEXPECTED', detail, members });
    }
    default:
      return failure satisfies never;
  }
}

const said = (refusal: { status: number; code: string; detail: string }): string =>
  `${refusal.status} ${refusal.code}${refusal.detail === '' ? '' : ` (${refusal.detail})`}`;

function remedyOf({ refusal }: Extract<SendFailure, { kind: 'refused' }>): string {
  switch (refusal.status) {
    case 401:
      return 'Set INGEST_API_KEY to a key that this ingest knows';
    case 403:
      return 'Set INGEST_API_KEY to a key with the scope "ingest"';
    case 404:
      return 'INGEST_URL must be the base URL: "/events" is added to it';
    case 413:
      return 'Lower CLIENT_REQUEST_ITEMS_MAX, or raise the bound on bodies at the ingest';
    case 415:
      return `INGEST_URL must name an ingest that takes ${PARCEL_MEDIA_TYPE}, which the client sends`;
    case 421:
      return 'Add the host to ALLOWED_HOSTS of the ingest';
    default:
      return refusal.status >= 300 && refusal.status < 400
        ? 'Redirects are not followed, the key stays here: set INGEST_URL to the final URL'
        : 'Check INGEST_URL, which must be the base URL of an ingest';
  }
}
