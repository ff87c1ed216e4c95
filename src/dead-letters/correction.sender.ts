import { Injectable } from '@nestjs/common';
import { Drain } from '../shared/drain.js';
import { correctionId, type DeadLetterPlace } from '../shared/event/reserved-id.js';
import { InternalKey } from '../shared/http/internal-key.js';
import { Listeners } from '../shared/http/listeners.js';

/** What ingest said when it took nothing, for whoever asked. */
export interface Refusal {
  readonly status: number;
  readonly code: string;
  readonly detail: string;
  readonly retryAfterSeconds: number | null;
}

/**
 * What became of a corrected event. `stored`: it is durable in the log, from now or from before.
 * `refused`: nothing was stored. `unknown`: no answer, or one that tells nothing.
 */
export type SentCorrection =
  | { readonly kind: 'stored' }
  | ({ readonly kind: 'refused' } & Refusal)
  | { readonly kind: 'unknown'; readonly why: string };

/** Shorter than the time after which somebody else sends it again. */
const ANSWER_TIMEOUT_MS = 5_000;

type Json = Readonly<Record<string, unknown>>;

/** Sends corrected events to this process's own ingest, over HTTP like any other sender. */
@Injectable()
export class CorrectionSender {
  constructor(
    private readonly listeners: Listeners,
    private readonly internal: InternalKey,
    private readonly drain: Drain,
  ) {}

  /** Never rejects. @param event the canonical text, without an id */
  async send(deadLetter: DeadLetterPlace, event: string): Promise<SentCorrection> {
    try {
      const id = correctionId(deadLetter);
      const response = await fetch(new URL('/events', this.listeners.serverUrl()), {
        method: 'POST',
        headers: {
          'Content-Type': 'application/json',
          Authorization: `Bearer ${this.internal.corrections.secret}`,
        },
        body: `{"id":${JSON.stringify(id)},${event.slice(1)}`,
        redirect: 'manual',
        signal: AbortSignal.any([this.drain.signal, AbortSignal.timeout(ANSWER_TIMEOUT_MS)]),
      });
      return judge(response.status, (await response.json()) as Json);
    } catch (error) {
      return { kind: 'unknown', why: explain(error) };
    }
  }
}

/** Of the answers that store nothing, those that ingest itself gives: see its routes and its guard. */
function judge(status: number, body: Json): SentCorrection {
  if (status === 202 && Number(body['accepted']) + Number(body['duplicates']) === 1) {
    return { kind: 'stored' };
  }
  const { code, detail, retryAfter } = body;
  const storedNothing = (status >= 400 && status < 500 && status !== 408) || status === 503;
  if (!storedNothing || typeof code !== 'string' || typeof detail !== 'string') {
    return { kind: 'unknown', why: `ingest answered ${status}` };
  }
  const retryAfterSeconds = typeof retryAfter === 'number' ? retryAfter : null;
  return { kind: 'refused', status, code, detail, retryAfterSeconds };
}

/** Of a failed fetch, only the cause says what it was. */
function explain(error: unknown): string {
  const { message, cause } = error as { message?: string; cause?: { message?: string } };
  const text = cause?.message ?? message ?? '';
  return text === '' ? String(error) : text;
}
