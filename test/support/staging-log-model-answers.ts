import assert from 'node:assert/strict';
import type { AppendResult, NewRecord } from '../../src/staging-log/staging-log.port.js';
import type { LogModel, StoredRecord } from './staging-log-model.js';

/** Of an append that was not answered, or refused while nothing could be cut off. */
export interface UnsureRecord {
  readonly stored: StoredRecord;
  /** Whether it must have come before those behind it, or may have been a duplicate. */
  readonly isNew: boolean;
}

export interface Answer {
  readonly records: readonly NewRecord[];
  readonly result: AppendResult;
  /** The process had died when it was given: nobody got it. */
  readonly isLost: boolean;
}

/**
 * Compares answers with what the model allows. Nothing of the calls is in the model before.
 * @returns what is in the log now for certain, and what may be.
 */
export function judgeAnswers(
  model: LogModel,
  answers: readonly Answer[],
  mayRefuse: boolean,
): { readonly appended: StoredRecord[]; readonly unsure: UnsureRecord[] } {
  const appended: StoredRecord[] = [];
  const unsure: UnsureRecord[] = [];
  const claimed: NewRecord[] = [];
  for (const { records, result, isLost } of answers) {
    if (result.kind === 'refused') assert(isLost || mayRefuse, `refused: ${result.message}`);
    for (const [index, record] of records.entries()) {
      const allowed = model.allowed(record, claimed);
      const outcome = result.kind === 'durable' ? result.outcomes[index] : 'appended';
      if (result.kind === 'durable') {
        const isAllowed = outcome !== undefined && allowed.has(outcome);
        assert(isAllowed, `${String(outcome)}, not ${[...allowed].join()}`);
      }
      if (outcome !== 'appended' || !allowed.has(outcome)) continue;
      const stored = model.stored(record);
      if (result.kind === 'durable') appended.push(stored);
      else unsure.push({ stored, isNew: allowed.size === 1 });
      if (result.kind === 'durable' || allowed.size === 1) claimed.push(record);
    }
  }
  return { appended, unsure };
}

/**
 * What was found of unsure records: their beginning, in order, each whole and at most once.
 * @throws for anything else.
 */
export function takeSurvivors(
  unsure: readonly UnsureRecord[],
  found: readonly string[],
): StoredRecord[] {
  let next = 0;
  return found.map((text) => {
    while (unsure[next]?.isNew === false && unsure[next]?.stored.text !== text) next += 1;
    const stored = unsure[next++]?.stored;
    assert(stored?.text === text, `nobody appended what was found: ${text}`);
    return stored;
  });
}
