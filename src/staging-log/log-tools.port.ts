/** For command-line tools: the log without its ingest half. */
export {
  openLogAsItIs,
  openLogBesideOwner,
  openStoppedLog,
  type LogAsItIs,
} from './open-log-reader.js';
export { findBorders } from './find-borders.js';
export { findRecordAt, findRecordSince, type FoundRecord } from './find-record.js';
export { inspectLog, type InspectedLog } from './inspect-log.js';
export { nodeLogFiles, syncDirectory } from './log-files.js';
export { beginNewEpoch, type Epoch } from './new-epoch.js';
export { readRange } from './read-range.js';
export { repairLog } from './repair-log.js';
export { verifyLog } from './verify-log.js';
export type { FindingListener } from './log-finding.js';
