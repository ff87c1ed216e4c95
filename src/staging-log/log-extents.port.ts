/** For threads that read the files of a log by themselves: nothing of the log but that is loaded with it. */
export { EXTENT_WINDOW_BYTES_MIN, readExtent } from './read/read-extent.js';
