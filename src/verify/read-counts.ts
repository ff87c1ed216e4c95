import type { EntityManager } from 'typeorm';
import { countDeadLetters } from './loaded-logs.js';
import type { Contribution, Recomputed } from './recompute.js';

/** How many there are in all logs, and in the database. */
export interface Count {
  readonly inLog: number;
  readonly inTable: number;
}

export interface Counts {
  /** `inTable`: what the checkpoints say. */
  readonly events: Count;
  /** Those of records that are no events, and of quarantined ranges. */
  readonly deadLetters: Count;
}

export async function readCounts(
  manager: EntityManager,
  { own, others, contributions }: Recomputed,
): Promise<Counts> {
  return {
    events: {
      inLog: total(contributions, 'events'),
      inTable: others.reduce((sum, { events }) => sum + events, own.checkpoint.events),
    },
    deadLetters: {
      inLog: total(contributions, 'deadLetters'),
      inTable: await countDeadLetters(manager),
    },
  };
}

const total = (parts: readonly Contribution[], what: 'events' | 'deadLetters'): number =>
  parts.reduce((sum, part) => sum + part[what], 0);
