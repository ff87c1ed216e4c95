import fc from 'fast-check';
import type { RetentionAction } from '../../src/staging-log/log-retention.port.js';
import type { NewRecord } from '../../src/staging-log/staging-log.port.js';
import type { Ending } from './staging-log-model-disk.js';
import type { CallName, Death, Fault } from './staging-log-model-process.js';

export interface RecordPlan {
  /** One of a few ids, or none. */
  readonly id: number | null;
  /** Which of two contents, for a record with an id. */
  readonly content: number;
  /** How much longer than short it is. */
  readonly bytes: number;
}

export interface Bounds {
  readonly segmentBytesMax: number;
  readonly dedupeIdsMax: number;
  readonly dedupeWindowSeconds: number;
  readonly backlogBytesMax: number;
}

/** What happens meanwhile: calls fail, or the process dies, and at the latest when the command is done. */
export type Trouble =
  | { readonly kind: 'fault'; readonly fault: Fault }
  | { readonly kind: 'death'; readonly death: Death; readonly ending: Ending };

export type Command =
  | {
      readonly kind: 'append';
      /** Concurrent ones, each of some records. */
      readonly calls: readonly (readonly RecordPlan[])[];
      /** Which of the calls bring lines. */
      readonly asLines: readonly boolean[];
      readonly trouble: Trouble | null;
    }
  | { readonly kind: 'wait'; readonly seconds: number }
  | { readonly kind: 'read'; readonly from: number; readonly bytesMax: number }
  | { readonly kind: 'read-beside'; readonly from: number; readonly bytesMax: number }
  | { readonly kind: 'prove'; readonly at: number }
  | { readonly kind: 'note-loaded'; readonly at: number }
  | { readonly kind: 'repair' }
  | {
      /** All is loaded, and the oldest segment goes, if it may. */
      readonly kind: 'retire';
      readonly action: RetentionAction;
      readonly trouble: Trouble | null;
    }
  | { readonly kind: 'reopen'; readonly bounds: Bounds; readonly trouble: Trouble | null };

export interface Scenario {
  /** Of the dice that say what a loss of power leaves. */
  readonly seed: number;
  /** How many turns of the event loop the calls to files take. */
  readonly pace: readonly number[];
  readonly bounds: Bounds;
  readonly commands: readonly Command[];
}

const WRITES: readonly CallName[] = ['write', 'fdatasync', 'fsync', 'truncate', 'rename', 'unlink'];
const OTHERS: readonly CallName[] = ['open', 'close', 'stat', 'fstat', 'read', 'readdir', 'mkdir'];

const share = fc.constantFrom(0, 0.2, 0.5, 0.8, 1);

const fault: fc.Arbitrary<Fault> = fc.record({
  call: fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...WRITES) },
    { weight: 1, arbitrary: fc.constantFrom(...OTHERS) },
  ),
  nth: fc.integer({ min: 1, max: 4 }),
  lasting: fc.boolean(),
  share,
});

const death = fc.record({ nth: fc.integer({ min: 1, max: 14 }), share });

const trouble: fc.Arbitrary<Trouble> = fc.oneof(
  fc.record({ kind: fc.constant('fault' as const), fault }),
  fc.record({
    kind: fc.constant('death' as const),
    death,
    ending: fc.constantFrom<Ending>('power lost', 'killed'),
  }),
);

const record: fc.Arbitrary<RecordPlan> = fc.record({
  id: fc.option(fc.nat(5), { freq: 2 }),
  content: fc.nat(1),
  bytes: fc.oneof(
    { weight: 20, arbitrary: fc.nat(60) },
    { weight: 1, arbitrary: fc.constantFrom(22_000, 33_000, 65_500, 70_000) },
  ),
});

const bounds: fc.Arbitrary<Bounds> = fc.record({
  segmentBytesMax: fc.oneof(
    { weight: 4, arbitrary: fc.integer({ min: 1, max: 400 }) },
    { weight: 1, arbitrary: fc.constantFrom(65_536, 131_073, 67_108_864) },
  ),
  dedupeIdsMax: fc.constantFrom(1_000, 1_000, 3, 1, 0),
  dedupeWindowSeconds: fc.constantFrom(3_600, 60, 60, 10),
  backlogBytesMax: fc.constantFrom(0, 0, 0, 300),
});

const bytesMax = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constantFrom(65_536, 1_048_576));
/** A place in the log, as a part of what is there. */
const place = fc.integer({ min: 0, max: 100 });

const command: fc.Arbitrary<Command> = fc.oneof(
  {
    weight: 10,
    arbitrary: fc.record({
      kind: fc.constant('append' as const),
      calls: fc.array(fc.array(record, { minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 3,
      }),
      asLines: fc.array(fc.boolean(), { minLength: 3, maxLength: 3 }),
      trouble: fc.option(trouble, { freq: 2 }),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('reopen' as const),
      bounds,
      trouble: fc.option(trouble, { freq: 2 }),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      seconds: fc.oneof(fc.nat(12), fc.constantFrom(0.4, 31, 61, 4_000)),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('read' as const), from: place, bytesMax }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('read-beside' as const), from: place, bytesMax }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('prove' as const), at: place }) },
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constant('note-loaded' as const),
      at: fc.oneof(place, fc.constant(100)),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('retire' as const),
      action: fc.constantFrom<RetentionAction>('archive', 'delete'),
      trouble: fc.option(trouble, { freq: 2 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('repair' as const) }) },
);

export const scenario: fc.Arbitrary<Scenario> = fc.record({
  seed: fc.nat(2 ** 31 - 1),
  pace: fc.array(fc.constantFrom(0, 0, 0, 1, 3), { minLength: 1, maxLength: 8 }),
  bounds,
  commands: fc.array(command, { minLength: 1, maxLength: 16, size: 'max' }),
});

/** @param number that no other record of the scenario has, for one without an id */
export function recordOf({ id, content, bytes }: RecordPlan, number: number): NewRecord {
  const fill = 'é'.repeat(bytes >> 1);
  if (id === null) return { payload: JSON.stringify({ number, fill }) };
  return { id: `id ${id}`, payload: JSON.stringify({ content, fill: fill.slice(0, id) }) };
}
