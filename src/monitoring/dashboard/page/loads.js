import { describeError, requestJson } from './api.js';
import { byId, makeRow, setText } from './dom.js';
import { formatCount, formatDuration, formatTime } from './format.js';
import { Refresh } from './refresh.js';

const LOADS_MAX = 8;
const refresh = new Refresh(read, 2_000);

/** Asks for them again. */
export const refreshLoads = () => refresh.ask();

export function clearLoads() {
  byId('loads-rows').replaceChildren();
  setText(byId('loads-note'), '');
}

async function read() {
  try {
    const { loads } = await requestJson(`loads?limit=${LOADS_MAX}`);
    byId('loads-rows').replaceChildren(...loads.map(rowOf));
    setText(byId('loads-note'), loads.length === 0 ? 'Nothing has been loaded yet.' : '');
  } catch (error) {
    clearLoads();
    setText(byId('loads-note'), describeError(error));
  }
}

/** @param {any} load */
function rowOf({ committedAt, events, users, inserted, deadLetters, durationMs }) {
  const counts = [events, users, inserted, deadLetters].map(formatCount);
  return makeRow([formatTime(committedAt), ...counts, formatDuration(durationMs / 1000)]);
}
