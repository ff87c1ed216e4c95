import { byId, byIdAs, setText } from './dom.js';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatRate,
  formatTime,
  UNKNOWN,
} from './format.js';

const NUMBERS = [
  'accepted-rate',
  'loaded-rate',
  'lag-seconds',
  'last-load',
  'dead-count',
  'disk-free',
];
const REST = ['accepted-more', 'loaded-more', 'lag-bytes', 'last-load-more', 'disk-more'];

/** Below this growth, in bytes a second, a disk is not filling: a gigabyte takes a year. */
const GROWTH_MIN = 30;

/**
 * @param {Live} live
 * @param {import('./rates.js').Rates} rates
 */
export function showTiles(live, rates) {
  const { counts, status } = live;
  put('accepted-rate', formatRate(rates.latest?.accepted ?? null));
  put('accepted-more', `${formatCount(counts.accepted)} since the start, ${others(counts)}`);
  put('loaded-rate', formatRate(rates.latest?.loaded ?? null));
  put('loaded-more', `${formatCount(status.checkpoint?.events)} in all`);
  put('lag-seconds', formatDuration(status.lag.seconds));
  put('lag-bytes', describeLag(status.lag.bytes));
  showLastLoad(live);
  put('dead-count', formatCount(status.deadLetters));
  mark('dead-tile', (status.deadLetters ?? 0) > 0);
  byId('dead-show').hidden = status.deadLetters === 0;
  showDisk(live.disk, rates.growth());
}

/** Old numbers are no numbers. */
export function clearTiles() {
  for (const id of NUMBERS) put(id, UNKNOWN);
  for (const id of REST) put(id, '');
  byId('disk-meter').hidden = true;
  for (const id of ['dead-tile', 'disk-tile']) mark(id, false);
}

/** @param {number | null} bytes */
function describeLag(bytes) {
  if (bytes === null) return 'not known';
  return bytes === 0 ? 'nothing waits' : `${formatBytes(bytes)} wait to be loaded`;
}

/** @param {Live['counts']} counts */
function others({ duplicates, rejected }) {
  if (duplicates + rejected === 0) return 'none rejected';
  return `${formatCount(duplicates)} duplicate, ${formatCount(rejected)} rejected`;
}

/** @param {Live} live */
function showLastLoad({ at, status: { lastLoad, checkpoint } }) {
  if (lastLoad === null) {
    put('last-load', checkpoint === null ? UNKNOWN : 'none');
    put('last-load-more', checkpoint === null ? 'not known' : '');
    return;
  }
  const seconds = Math.max(0, (Date.parse(at) - Date.parse(lastLoad.committedAt)) / 1000);
  put('last-load', seconds < 2 ? 'now' : `${formatDuration(Math.round(seconds))} ago`);
  const took = `${formatCount(lastLoad.events)} events in ${formatDuration(lastLoad.durationMs / 1000)}`;
  put('last-load-more', `${formatTime(lastLoad.committedAt)}, ${took}`);
}

/**
 * @param {Live['disk']} disk
 * @param {number | null} growth of the log, in bytes a second
 */
function showDisk(disk, growth) {
  put('disk-free', formatBytes(disk?.freeBytes ?? null));
  const meter = byIdAs('disk-meter', HTMLMeterElement);
  meter.hidden = disk === null;
  if (disk === null) {
    put('disk-more', 'not known');
    mark('disk-tile', false);
    return;
  }
  const { freeBytes, totalBytes, freeBytesMin } = disk;
  meter.value = totalBytes === 0 ? 0 : 1 - freeBytes / totalBytes;
  meter.title = `of ${formatBytes(totalBytes)}`;
  const left = freeBytes - freeBytesMin;
  const until =
    left > 0 ? untilFull(left, growth) : `full: ${formatBytes(freeBytesMin)} must stay free`;
  put('disk-more', `of ${formatBytes(totalBytes)}, ${until}`);
  mark('disk-tile', left <= 0);
}

/**
 * @param {number} bytes that may still be written
 * @param {number | null} growth
 */
function untilFull(bytes, growth) {
  if (growth === null) return 'watching how it fills';
  if (growth < GROWTH_MIN) return 'not filling';
  return `full in ${formatDuration(bytes / growth)}`;
}

/**
 * @param {string} id
 * @param {boolean} isOn
 */
const mark = (id, isOn) => byId(id).classList.toggle('alert', isOn);

/**
 * @param {string} id
 * @param {string} text
 */
const put = (id, text) => setText(byId(id), text);
