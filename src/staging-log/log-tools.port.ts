/** For command-line tools: the log without its ingest half. */
export { openLogBesideOwner, openStoppedLog } from './open-log-reader.js';
