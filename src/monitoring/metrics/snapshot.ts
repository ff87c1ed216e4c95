import type { EventCounts } from '../../ingest/ingest.port.js';
import type { Checkpoint, LoadFigures } from '../../processor/processor.port.js';
import type { AppConfig } from '../../shared/config/app-config.js';
import type { DiskSpace, LogFigures } from '../../staging-log/staging-log.port.js';
import type { Lag } from '../measure-lag.js';

/** All that a scrape tells, of about one moment. Null is what is not known. */
export interface Snapshot {
  readonly events: EventCounts;
  readonly log: LogFigures;
  readonly endOffset: number;
  readonly size: { readonly segments: number; readonly bytes: number };
  readonly disk: DiskSpace | null;
  readonly loads: LoadFigures;
  readonly loadFailing: boolean;
  readonly checkpoint: Checkpoint | null;
  readonly lag: Lag;
  readonly deadLettersOpen: number | null;
  readonly claimsUnfinished: number | null;
  readonly databaseUp: boolean;
  readonly ready: boolean;
  readonly config: AppConfig;
}
