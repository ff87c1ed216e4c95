import { ApiError, describeError, requestJson } from './api.js';
import { openBalance } from './balance.js';
import { byId, byIdAs, make, makeRow, setText } from './dom.js';
import { formatRevenue, formatTime, placesOf } from './format.js';
import { Refresh } from './refresh.js';

/** @typedef {{ userId: string, revenue: string, updatedAt: string }} User */
/** @typedef {{ kind: 'top' } | { kind: 'list', prefix: string, after: string }} Listing */

const USER = '#user=';
const TOP_MAX = 10;
const PAGE_MAX = 20;

const NONE = { top: 'None yet: they come within 10 seconds of a load.', list: 'There are none.' };

const input = byIdAs('search-input', HTMLInputElement);
/** Named by the address of the page, so that it can be passed on. @type {string | null} */
let wantedUser = userOf(location.hash);
/** @type {Listing} */
let listing = { kind: 'top' };
/** The server computes the highest balances each 10 s at most, and tells those of then meanwhile. */
const TOP_EVERY_MS = 10_500;
const top = new Refresh(async () => {
  if (listing.kind === 'top') await showListing();
}, TOP_EVERY_MS);
const user = new Refresh(showUser, 2_000);

export function startUsers() {
  byId('search').addEventListener('submit', (event) => {
    event.preventDefault();
    if (input.value === '') return;
    const hash = hashOf(input.value);
    if (location.hash === hash) void showUser();
    else location.hash = hash;
  });
  byId('search-list').addEventListener('click', () => {
    void list({ kind: 'list', prefix: input.value, after: '' });
  });
  byId('users-top').addEventListener('click', () => void list({ kind: 'top' }));
  byId('users-next').addEventListener('click', () => {
    const after = byId('users-next').dataset['after'] ?? '';
    if (listing.kind === 'list') void list({ ...listing, after });
  });
  byId('user-close').addEventListener('click', () => {
    location.hash = '';
    input.focus();
  });
  window.addEventListener('hashchange', () => {
    const { hash } = location;
    if (hash !== '' && !hash.startsWith(USER)) return; // another place of the page
    wantedUser = userOf(hash);
    void showUser().then(() => byId('user').scrollIntoView({ block: 'nearest' }));
  });
}

/** Something was loaded. */
export function refreshUsers() {
  top.ask();
  top.ask(); // what comes now may be of before the load
  if (wantedUser !== null) user.ask();
}

export function clearUsers() {
  wantedUser = userOf(location.hash);
  listing = { kind: 'top' };
  input.value = '';
  byId('users-rows').replaceChildren();
  setText(byId('users-caption'), captionOf(listing));
  for (const id of ['user', 'users-top', 'users-next']) byId(id).hidden = true;
  openBalance(null);
  setText(byId('users-note'), '');
}

/** @param {string} userId */
const hashOf = (userId) => `${USER}${encodeURIComponent(userId.toWellFormed())}`;

/** @param {string} hash */
function userOf(hash) {
  if (!hash.startsWith(USER)) return null;
  try {
    return decodeURIComponent(hash.slice(USER.length));
  } catch {
    return null; // somebody has written it by hand
  }
}

async function showUser() {
  const userId = wantedUser;
  const box = byId('user');
  if (userId === null) {
    box.hidden = true;
    openBalance(null);
    return;
  }
  try {
    const found = await findUser(userId);
    if (wantedUser !== userId) return; // another one is wanted by now
    setText(byId('user-id'), userId);
    setText(byId('user-revenue'), found === null ? 'no balance' : formatRevenue(found.revenue));
    const changed = found === null ? '' : `changed ${formatTime(found.updatedAt)}`;
    setText(byId('user-more'), found === null ? 'No event of this user has been loaded.' : changed);
    setText(byId('users-note'), '');
    box.hidden = false;
    openBalance(found === null ? null : userId);
  } catch (error) {
    if (wantedUser !== userId) return;
    box.hidden = true;
    openBalance(null);
    setText(byId('users-note'), describeError(error));
  }
}

/** @param {string} userId @returns {Promise<User | null>} */
async function findUser(userId) {
  try {
    return await requestJson(`users?userId=${encodeURIComponent(userId.toWellFormed())}`);
  } catch (error) {
    if (error instanceof ApiError && error.code === 'USER_UNKNOWN') return null;
    throw error;
  }
}

/** @param {Listing} wanted */
async function list(wanted) {
  listing = wanted;
  await showListing();
}

async function showListing() {
  const wanted = listing;
  try {
    const { users, next } = wanted.kind === 'top' ? await readTop() : await readPage(wanted);
    if (listing !== wanted) return;
    const places = placesOf(users.map(({ revenue }) => revenue));
    byId('users-rows').replaceChildren(...users.map((user) => rowOf(user, places)));
    setText(byId('users-caption'), captionOf(wanted));
    setText(byId('users-note'), users.length === 0 ? NONE[wanted.kind] : '');
    byId('users-top').hidden = wanted.kind === 'top';
    byId('users-next').hidden = next === null;
    byId('users-next').dataset['after'] = next ?? '';
  } catch (error) {
    if (listing !== wanted) return;
    byId('users-rows').replaceChildren();
    setText(byId('users-note'), describeError(error));
  }
}

/** @param {Listing} wanted */
function captionOf(wanted) {
  if (wanted.kind === 'top') return 'Highest balances';
  return wanted.prefix === '' ? 'All users by id' : `Users whose ids begin with “${wanted.prefix}”`;
}

/** @returns {Promise<{ users: User[], next: null }>} */
const readTop = () => requestJson(`users?order=-revenue&limit=${TOP_MAX}`);

/**
 * Ids that begin alike stand together in the order of ids, and right behind what they begin with.
 * @param {{ prefix: string, after: string }} wanted
 * @returns {Promise<{ users: User[], next: string | null }>}
 */
async function readPage({ prefix, after }) {
  const from = after || prefix;
  const place = from === '' ? '' : `&after=${encodeURIComponent(from.toWellFormed())}`;
  const isFirst = after === '' && prefix !== '';
  const [page, itself] = await Promise.all([
    requestJson(`users?limit=${PAGE_MAX}${place}`),
    isFirst ? findUser(prefix) : null,
  ]);
  /** @type {User[]} */
  const users = page.users.filter((/** @type {User} */ { userId }) => userId.startsWith(prefix));
  const next = users.length === page.users.length ? page.next : null;
  return { users: itself === null ? users : [itself, ...users], next };
}

/** @param {User} user @param {number} places of the decimals, alike in all rows */
function rowOf({ userId, revenue }, places) {
  const link = make('a', 'user-link', userId);
  link.href = hashOf(userId);
  return makeRow([link, formatRevenue(revenue, places)]);
}
