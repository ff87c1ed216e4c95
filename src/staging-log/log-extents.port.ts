/** For threads that read the files of a log by themselves: nothing of the log but its format is loaded with it. */
export { EXTENT_WINDOW_BYTES_MIN, readExtent } from './read/read-extent.js';
export { formatRecord } from './record-format.js';
