import { ApiError, describeError, request, requestJson } from './api.js';
import { byId, byIdAs, makeRow, setText } from './dom.js';
import { readEvents } from './event-stream.js';
import { formatBytes, formatCount, formatDuration, formatRate } from './format.js';
import { expectRevenue } from './revenue.js';

/** @typedef {{ running: boolean, accepted: number, duplicates: number, invalidTotal: number, bytesRead: number, bytesTotal: number, ratePerSecond: number }} Progress */
/** @typedef {{ read: number, accepted: number, duplicates: number, invalidTotal: number, durationMs: number, invalid: { line: number, code: string, message: string }[] }} Summary */

/** Of the invalid lines; the answer has more. */
const LINES_MAX = 100;
const button = byIdAs('generate', HTMLButtonElement);
const bar = byIdAs('run-bar', HTMLProgressElement);
let busy = false;
/** The run that this page has begun. @type {AbortController | null} */
let running = null;
/** @type {AbortController | null} */
let following = null;

export function startGenerate() {
  button.addEventListener('click', () => {
    if (!busy) void run();
  });
}

/** Shows a run that somebody else has begun. */
export async function lookForRun() {
  if (busy) return;
  try {
    const progress = await requestJson('generateEvents/progress');
    if (progress.running) await follow(true);
  } catch {
    // the next time; the connection says what is wrong
  }
}

/** Nothing is left of what was shown, and nothing comes any more. A run that was begun goes on in the application. */
export function clearGenerate() {
  running?.abort();
  following?.abort();
  following = null;
  setBusy(false);
  say('');
  for (const id of ['run', 'run-invalid']) byId(id).hidden = true;
  for (const id of ['run-text', 'run-invalid-title', 'run-invalid-rows']) setText(byId(id), '');
}

async function run() {
  const mine = new AbortController();
  running = mine;
  setBusy(true);
  say('');
  byId('run-invalid').hidden = true;
  const progress = follow(false);
  try {
    const options = { method: 'POST', signal: mine.signal };
    showSummary(await requestJson('generateEvents', options));
    expectRevenue();
  } catch (error) {
    if (mine.signal.aborted) return;
    if (error instanceof ApiError && error.code === 'RUN_IN_PROGRESS') {
      say(`A run is going on already: ${describeError(error)}`);
      setBusy(false);
      if (await follow(true)) say('');
      return;
    }
    say(failureOf(error));
  }
  following?.abort();
  await progress;
  byId('run').hidden = true;
  setBusy(false);
}

/** @param {unknown} error */
function failureOf(error) {
  if (!(error instanceof ApiError) || error.status !== 0) return describeError(error);
  return 'The answer was lost. Start it again when the application is back: a run that was interrupted goes on.';
}

/**
 * Until the run has ended, or nobody wants to know any more.
 * @param {boolean} isRunning as far as is known: else it is about to begin
 * @returns {Promise<boolean>} whether it was followed, and no other one has been since
 */
async function follow(isRunning) {
  following?.abort();
  const attempt = new AbortController();
  following = attempt;
  let isFollowed = false;
  let seen = isRunning;
  try {
    const options = { headers: { Accept: 'text/event-stream' }, signal: attempt.signal };
    const response = await request('generateEvents/progress', options);
    isFollowed = true;
    await readEvents(response, (/** @type {Progress} */ progress) => {
      if (attempt.signal.aborted) return;
      if (progress.running) showProgress(progress);
      else if (seen) attempt.abort();
      seen ||= progress.running;
    });
  } catch {
    // ended, by whomever; the run goes on without being watched
  }
  if (following !== attempt) return false;
  byId('run').hidden = true;
  return isFollowed;
}

/** @param {Progress} progress */
function showProgress({
  accepted,
  duplicates,
  invalidTotal,
  bytesRead,
  bytesTotal,
  ratePerSecond,
}) {
  byId('run').hidden = false;
  if (bytesTotal > 0) bar.value = bytesRead / bytesTotal;
  const done = `${formatBytes(bytesRead)} of ${formatBytes(bytesTotal)}`;
  const counts = `${formatCount(accepted)} accepted, ${formatCount(duplicates)} duplicates, ${formatCount(invalidTotal)} invalid`;
  setText(byId('run-text'), `${done}: ${counts}, ${formatRate(ratePerSecond)}/s`);
}

/** @param {Summary} summary */
function showSummary({ read, accepted, duplicates, invalidTotal, durationMs, invalid }) {
  const counts = [`${formatCount(accepted)} accepted`, `${formatCount(duplicates)} duplicates`];
  const all = [...counts, `${formatCount(invalidTotal)} invalid`].join(', ');
  say(`${formatCount(read)} events in ${formatDuration(durationMs / 1000)}: ${all}.`);
  byId('run-invalid').hidden = invalid.length === 0;
  const lines = invalid.slice(0, LINES_MAX);
  const rest = invalidTotal > lines.length ? `, the first ${lines.length}` : '';
  setText(byId('run-invalid-title'), `${formatCount(invalidTotal)} invalid lines${rest}`);
  const rows = lines.map(({ line, code, message }) =>
    makeRow([String(line), `${message} (${code})`]),
  );
  byId('run-invalid-rows').replaceChildren(...rows);
}

/** Not disabled: the focus would be lost. @param {boolean} now */
function setBusy(now) {
  busy = now;
  button.setAttribute('aria-disabled', String(now));
  setText(button, now ? 'Sending …' : 'Generate events');
}

/** @param {string} text */
const say = (text) => setText(byId('run-result'), text);
