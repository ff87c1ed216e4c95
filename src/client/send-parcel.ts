import { setTimeout as sleep } from 'node:timers/promises';
import { parcelBody, type Parcel } from './packer.js';
import type { InvalidLine } from './client.port.js';
import type { IngestConnection } from './ingest.connection.js';
import { readAnswer, type Counts, type IngestAnswer, type Refusal } from './read-answer.js';
import { retryDelayMs } from './retry-delay.js';

/** Why a run cannot go on: nobody answers, ingest stays busy, it refuses, or it is not ingest. */
export type SendFailure =
  | { readonly kind: 'unreachable'; readonly cause: string; readonly attempts: number }
  | { readonly kind: 'unavailable'; readonly refusal: Refusal; readonly attempts: number }
  | { readonly kind: 'refused'; readonly refusal: Refusal }
  | { readonly kind: 'unexpected'; readonly status: number; readonly reason: string };

/** What became of a parcel; the counts are of the items that were answered, which come first. */
export interface ParcelReport {
  /** The line of the last item that was answered, or null when none was. */
  readonly line: number | null;
  readonly accepted: number;
  readonly duplicates: number;
  readonly rejected: readonly InvalidLine[];
  readonly rejectedTotal: number;
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
  /** Aborted: no further attempt, the one in flight is waited for. */
  readonly halt: AbortSignal;
  /** Aborted: the attempt in flight is given up as well. */
  readonly cut: AbortSignal;
}

/**
 * Sends a parcel until every item of it has been answered. Attempts may be repeated blindly, since
 * each item carries an id. Never rejects for what a server or a network does.
 */
export async function sendParcel(parcel: Parcel, options: SendOptions): Promise<ParcelReport> {
  const { attemptsMax, halt } = options;
  const answered = new AnsweredItems(parcel);
  for (let attempts = 1; ; attempts += 1) {
    const answer = await attempt(answered.rest, options);
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

type Attempted = IngestAnswer | { readonly kind: 'no-answer'; readonly cause: string };

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

/** Adds up the answers to a parcel, item after item. */
class AnsweredItems {
  private accepted = 0;
  private duplicates = 0;
  private rejectedTotal = 0;
  private items = 0;
  private readonly rejected: InvalidLine[] = [];

  constructor(private readonly parcel: Parcel) {}

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

  report(end: ParcelEnd): ParcelReport {
    const { accepted, duplicates, rejected, rejectedTotal } = this;
    const line = this.parcel[this.items - 1]?.line ?? null;
    return { line, accepted, duplicates, rejected, rejectedTotal, end };
  }
}
