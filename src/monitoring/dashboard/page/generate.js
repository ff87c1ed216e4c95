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
    if (progress.running) await follow();
  } catch {
    // the next time; the connection says what is wrong
  }
}

async function run() {
  setBusy(true);
  say('');
  byId('run-invalid').hidden = true;
  const progress = follow();
  try {
    showSummary(await requestJson('generateEvents', { method: 'POST' }));
    expectRevenue();
  } catch (error) {
    if (error instanceof ApiError && error.code === 'RUN_IN_PROGRESS') {
      say(`A run is going on already: ${describeError(error)}`);
      setBusy(false);
      await progress; // to its end
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

/** Until the run has ended, or nobody wants to know any more. */
async function follow() {
  following?.abort();
  const attempt = new AbortController();
  following = attempt;
  let seen = false;
  try {
    const options = { headers: { Accept: 'text/event-stream' }, signal: attempt.signal };
    const response = await request('generateEvents/progress', options);
    await readEvents(response, (/** @type {Progress} */ progress) => {
      if (attempt.signal.aborted) return;
      if (progress.running) showProgress(progress);
      else if (seen) attempt.abort();
      seen ||= progress.running;
    });
  } catch {
    // ended, by whomever; the run goes on without being watched
  }
  if (following === attempt) byId('run').hidden = true;
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
