const WHOLE = new Intl.NumberFormat('en', { maximumFractionDigits: 0 });
const SHORT = new Intl.NumberFormat('en', { maximumSignificantDigits: 3, notation: 'compact' });
const CLOCK = /** @type {const} */ ({ timeStyle: 'medium', hourCycle: 'h23' });
const TIME = new Intl.DateTimeFormat(undefined, CLOCK);
const DATE_TIME = new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', ...CLOCK });
const HOUR = new Intl.DateTimeFormat(undefined, { timeStyle: 'short', hourCycle: 'h23' });
const DAY = /** @type {const} */ ({ day: 'numeric', month: 'short' });

/** What is not known is never shown as 0. */
export const UNKNOWN = '–';

/** @param {number | null | undefined} count */
export const formatCount = (count) =>
  count === null || count === undefined ? UNKNOWN : WHOLE.format(count);

/** Per second. @param {number | null} rate */
export function formatRate(rate) {
  if (rate === null) return UNKNOWN;
  return rate < 10_000 ? WHOLE.format(rate) : SHORT.format(rate);
}

/** Three digits of it. @param {number} number */
export const formatShort = (number) => SHORT.format(number);

/** @param {number | null} bytes */
export function formatBytes(bytes) {
  if (bytes === null) return UNKNOWN;
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let [value, unit] = [bytes, 0];
  while (value >= 999.5 && unit < units.length - 1) [value, unit] = [value / 1000, unit + 1];
  return `${unit === 0 ? value : Number(value.toPrecision(3))} ${units[unit]}`;
}

/** @param {number | null} seconds */
export function formatDuration(seconds) {
  if (seconds === null) return UNKNOWN;
  if (seconds > 0 && seconds < 0.95) return `${Math.ceil(seconds * 1_000)} ms`;
  if (seconds < 9.95) return `${Number(seconds.toFixed(1))} s`;
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${formatCount(Math.round(seconds / 86_400))} days`;
}

/** The time of day. @param {number} seconds since 1970 */
export const formatClock = (seconds) => TIME.format(seconds * 1000);

/** Of today the time, of other days the date, too. @param {string} iso */
export function formatTime(iso) {
  const at = new Date(iso);
  const isToday = at.toDateString() === new Date().toDateString();
  return (isToday ? TIME : DATE_TIME).format(at);
}

/** The time of day without seconds. @param {string} iso */
export const formatHour = (iso) => HOUR.format(new Date(iso));

/**
 * A day of this year.
 * @param {string} iso
 * @param {string} [timeZone] that of the browser without it
 */
export const formatDay = (iso, timeZone) =>
  new Intl.DateTimeFormat(undefined, { ...DAY, timeZone }).format(new Date(iso));

/** Of an hour or a day. @param {'hour' | 'day'} bucket @param {string} iso */
export const formatStart = (bucket, iso) =>
  bucket === 'day' ? formatDay(iso, 'UTC') : `${formatDay(iso)}, ${formatHour(iso)}`;

/**
 * An exact decimal, as the server says it, with groups of three digits: it may be longer than a number holds.
 * @param {string} decimal
 * @param {number} [places] at least, so that decimals below each other are aligned
 */
export function formatRevenue(decimal, places = 0) {
  const [whole = '', digits = ''] = decimal.split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+$)/g, ',');
  const fraction = digits.padEnd(places, '0');
  return fraction === '' ? grouped : `${grouped}.${fraction}`;
}

/** The most decimal places of any. @param {readonly string[]} decimals */
export const placesOf = (decimals) =>
  Math.max(0, ...decimals.map((decimal) => (decimal.split('.')[1] ?? '').length));

/** The exact sum of exact decimals. @param {readonly string[]} decimals */
export const sumOf = (decimals) => runningSums(decimals).at(-1) ?? '0';

/**
 * The same behind each of them.
 * @param {readonly string[]} decimals
 */
export function runningSums(decimals) {
  const places = placesOf(decimals);
  let units = 0n;
  return decimals.map((decimal) => {
    const [whole = '', fraction = ''] = decimal.split('.');
    units += BigInt(whole + fraction.padEnd(places, '0'));
    return decimalOf(units, places);
  });
}

/** @param {bigint} units @param {number} places of the decimals that these are the last of */
function decimalOf(units, places) {
  const digits = String(units < 0n ? -units : units).padStart(places + 1, '0');
  const [whole, fraction] = [digits.slice(0, digits.length - places), digits.slice(-places)];
  return `${units < 0n ? '-' : ''}${whole}${places === 0 ? '' : `.${fraction}`}`;
}
