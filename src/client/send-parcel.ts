import { setTimeout as sleep } from 'node:timers/promises';
import { parcelBody, type Parcel } from './packer.js';
import type { InvalidLine } from './client.port.js';
import type { IngestConnection, Posted } from './ingest.connection.js';
import {
  mayHaveStored,
  readAnswer,
  type Counts,
  type IngestAnswer,
  type Refusal,
} from './read-answer.js';
import { retryDelayMs } from './retry-delay.js';

/**
 * Why a run cannot go on: nobody answers, ingest stays busy, it refuses, it is not ingest; or what
 * may be stored already was sent so long ago that ingest may have forgotten its ids.
 */
export type SendFailure =
  | { readonly kind: 'unreachable'; readonly cause: string; readonly attempts: number }
  | { readonly kind: 'unavailable'; readonly refusal: Refusal; readonly attempts: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unexpected'; readonly status: number; readonly reason: string }
  | { readonly kind: 'too-old' };

/** What became of a parcel; the counts are of the items that were answered, which come first. */
export interface ParcelReport {
  /** The line of the last item that was answered, or null when none was. */
  readonly line: number | null;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly InvalidLine[];
  readonly rejectedTotal: number;
  /** Since when the other items may be stored, in ms since 1970; null when they are not. */
  readonly openSince: number | null;
  readonly end: ParcelEnd;
}

export type ParcelEnd =
  | { readonly kind: 'complete' }
  | { readonly kind: 'stopped' }
  | { readonly kind: 'failed'; readonly failure: SendFailure };

export interface SendOptions {
  readonly connection: IngestConnection;
  /** Attempts without progress, before the parcel fails. */
  readonly attemptsMax: number;
  /** How long after an attempt that may have stored something its ids are surely known. */
  readonly resendMsMax: number;
  /** Since when an earlier call may have stored items of it, in ms since 1970; null: it has not. */
  readonly sentBefore: number | null;
  /** Told before and after each attempt: since when some item of it may be stored. */
  readonly sentSince: (since: number | null) => void;
  /** Aborted: no further attempt, the one in flight is waited for. */
  readonly halt: AbortSignal;
  /** Aborted: the attempt in flight is given up as well. */
  readonly cut: AbortSignal;
}

/**
 * Sends a parcel until every item of it has been answered. Attempts may be repeated, since each item
 * carries an id, for as long as that id is remembered. Never rejects for what a server or a network
 * does.
 */
export async function sendParcel(parcel: Parcel, options: SendOptions): Promise<ParcelReport> {
  const { attemptsMax, halt } = options;
  const answered = new AnsweredItems(parcel, options.sentBefore);
  for (let attempts = 1; ; attempts += 1) {
    const now = Date.now();
    if (now - (answered.openSince ?? now) > options.resendMsMax) return answered.report(TOO_OLD);
    options.sentSince(answered.sentSince ?? now);
    const answer = await attempt(answered.rest, options);
    answered.note(answer, now);
    options.sentSince(answered.sentSince);
    if (answer.kind === 'counted' || answer.kind === 'stopped') {
      answered.add(answer);
      if (answered.rest.length === 0) return answered.report({ kind: 'complete' });
      if (answer.read > 0) attempts = 0;
    }
    const next = judge(answer, attempts);
    if (next.kind === 'failed') return answered.report(next);
    if (halt.aborted) return answered.report({ kind: 'stopped' });
    const { retryAfterMs, failure } = next;
    if (attempts >= attemptsMax) return answered.report({ kind: 'failed', failure });
    const delayMs = retryDelayMs({ attempt: Math.max(1, attempts), retryAfterMs });
    await sleep(delayMs, undefined, { signal: halt }).catch(() => undefined); // a halt wakes it
    if (halt.aborted) return answered.report({ kind: 'stopped' });
  }
}

const TOO_OLD: ParcelEnd = { kind: 'failed', failure: { kind: 'too-old' } };

type Attempted = IngestAnswer | Extract<Posted, { kind: 'no-answer' }>;

async function attempt(items: Parcel, { connection, cut }: SendOptions): Promise<Attempted> {
  const posted = await connection.post(parcelBody(items), cut);
  return posted.kind === 'answer' ? readAnswer(posted.answer, items.length) : posted;
}

type Judged =
  | { readonly kind: 'again'; readonly retryAfterMs: number | null; readonly failure: SendFailure }
  | Extract<ParcelEnd, { kind: 'failed' }>;

/** Whether another attempt may help, and what is to be said when there is none left. */
function judge(answer: Attempted, attempts: number): Judged {
  switch (answer.kind) {
    case 'counted':
      throw new Error('a parcel of which all was counted needs no judgement');
    case 'stopped':
      return again(answer.refusal, attempts);
    case 'retryable':
      return again(answer, attempts);
    case 'no-answer': {
      const failure: SendFailure = { kind: 'unreachable', cause: answer.cause, attempts };
      return { kind: 'again', retryAfterMs: null, failure };
    }
    case 'final':
      return { kind: 'failed', failure: { kind: 'refused', refusal: answer } };
    case 'unexpected':
      return { kind: 'failed', failure: answer };
    default:
      return answer satisfies never;
  }
}

function again(refusal: Refusal, attempts: number): Judged {
  const failure: SendFailure = { kind: 'unavailable', refusal, attempts };
  return { kind: 'again', retryAfterMs: refusal.retryAfterMs, failure };
}

/** Whether items may be stored that the answer does not count. */
function leavesOpen(answer: Attempted): boolean {
  switch (answer.kind) {
    case 'counted':
    case 'stopped':
      return false;
    case 'retryable':
    case 'final':
      return mayHaveStored(answer);
    case 'unexpected':
      return true;
    case 'no-answer':
      return answer.reached;
    default:
      return answer satisfies never;
  }
}

/** Adds up the answers to a parcel, item after item. */
class AnsweredItems {
  private accepted = 0;
  private duplicates = 0;
  private rejectedTotal = 0;
  private items = 0;
  private readonly rejected: InvalidLine[] = [];

  /** Since when the rest may be stored, and since when any item: null when it is not. */
  openSince: number | null;
  sentSince: number | null;

  constructor(
    private readonly parcel: Parcel,
    sentBefore: number | null,
  ) {
    this.openSince = sentBefore;
    this.sentSince = sentBefore;
  }

  get rest(): Parcel {
    return this.parcel.slice(this.items);
  }

  add({ read, accepted, duplicates, rejected, rejectedTotal }: Counts): void {
    const sent = this.rest;
    for (const { index, code, message } of rejected) {
      const item = sent[index];
      if (item !== undefined) this.rejected.push({ line: item.line, code, message });
    }
    this.items += read;
    this.accepted += accepted;
    this.duplicates += duplicates;
    this.rejectedTotal += rejectedTotal;
  }

  /** To be told of every attempt, and of when it was made. */
  note(answer: Attempted, madeAt: number): void {
    const open = leavesOpen(answer);
    if (open) this.openSince ??= madeAt;
    if (open || answer.kind === 'counted' || answer.kind === 'stopped') this.sentSince ??= madeAt;
  }

  report(end: ParcelEnd): ParcelReport {
    const { accepted, duplicates, rejected, rejectedTotal } = this;
    const line = this.parcel[this.items - 1]?.line ?? null;
    const openSince = this.rest.length === 0 ? null : this.openSince;
    return { line, accepted, duplicates, rejected, rejectedTotal, openSince, end };
  }
}
