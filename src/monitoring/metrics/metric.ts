import type { HistogramFigures } from '../../shared/histogram.js';
import type { Snapshot } from './snapshot.js';

/** Of each label's value its number. */
export type ByLabel = Iterable<readonly [string, number]>;

interface Described {
  /** Without the prefix; ends with the unit. */
  readonly name: string;
  readonly help: string;
}

/** One metric, and how its value is found. What is not known (null) has no sample. */
export type Metric =
  | (Described & {
      readonly type: 'counter' | 'gauge';
      readonly read: (its: Snapshot) => number | null;
    })
  | (Described & {
      readonly type: 'counter' | 'gauge';
      readonly label: string;
      readonly readAll: (its: Snapshot) => ByLabel;
    })
  | (Described & {
      readonly type: 'histogram';
      readonly readFigures: (its: Snapshot) => HistogramFigures;
    });
