/** For command-line tools: the log without its ingest half. */
export {
  openLogAsItIs,
  openLogBesideOwner,
  openStoppedLog,
  type LogAsItIs,
} from './tools/open-log-reader.js';
export { findBorders } from './tools/find-borders.js';
export { findRecordAt, findRecordSince, type FoundRecord } from './tools/find-record.js';
export { inspectLog, type InspectedLog } from './tools/inspect-log.js';
export { nodeLogFiles, syncDirectory } from './files/log-files.js';
export { beginNewEpoch, type Epoch } from './tools/new-epoch.js';
export { readRange } from './tools/read-range.js';
export { repairLog, type RepairStep } from './tools/repair-log.js';
export { verifyLog } from './tools/verify-log.js';
export type { FindingListener } from './tools/log-finding.js';
