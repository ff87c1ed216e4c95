import { describeError, request, requestJson } from './api.js';
import { byId, byIdAs, make, makeButton, setText } from './dom.js';
import { formatBytes, formatTime } from './format.js';
import { Refresh } from './refresh.js';

/** @typedef {{ id: string, offset: number, length: number, code: string, message: string, createdAt: string, raw: string, truncated: boolean }} Letter */

const PAGE_MAX = 10;
/** Of a raw text, in the list and in the dialog. */
const SHOWN_MAX = 2_000;
const A_NUMBER = /^-?(0|[1-9]\d*)(\.\d+)?([eE][+-]?\d+)?$/;

const dialog = byIdAs('letter-dialog', HTMLDialogElement);
const userInput = byIdAs('letter-user', HTMLInputElement);
const nameInput = byIdAs('letter-name', HTMLSelectElement);
const valueInput = byIdAs('letter-value', HTMLInputElement);
const refresh = new Refresh(read, 1_000);
/** Where the page begins. */
let after = '';
/** The items of the page by id: what stays is not made anew, since the focus may be on it. @type {Map<string, HTMLLIElement>} */
let items = new Map();
/** The one in the dialog. @type {Letter | null} */
let corrected = null;

export function startDeadLetters() {
  byId('dead-next').addEventListener('click', () => show(byId('dead-next').dataset['after'] ?? ''));
  byId('dead-first').addEventListener('click', () => show(''));
  byId('letter-cancel').addEventListener('click', () => dialog.close());
  byId('letter-form').addEventListener('submit', (event) => {
    event.preventDefault();
    void send();
  });
}

/** Asks for them again. */
export const refreshDeadLetters = () => refresh.ask();

export function clearDeadLetters() {
  items = new Map();
  byId('dead-list').replaceChildren();
  for (const id of ['dead-note', 'dead-sent']) setText(byId(id), '');
  for (const id of ['dead-first', 'dead-next']) byId(id).hidden = true;
  dialog.close();
}

/** @param {string} from */
function show(from) {
  after = from;
  refresh.ask();
  byId('dead-letters').focus();
}

async function read() {
  try {
    const from = after === '' ? '' : `&after=${after}`;
    const page = await requestJson(`deadLetters?state=open&limit=${PAGE_MAX}${from}`);
    put(page.deadLetters);
    byId('dead-first').hidden = after === '';
    byId('dead-next').hidden = page.next === null;
    byId('dead-next').dataset['after'] = page.next ?? '';
    if (page.deadLetters.length > 0) setText(byId('dead-note'), '');
    else setText(byId('dead-note'), after === '' ? 'There are none.' : 'There are no more.');
  } catch (error) {
    put([]);
    setText(byId('dead-note'), describeError(error));
  }
}

/** @param {readonly Letter[]} letters */
function put(letters) {
  const known = items;
  items = new Map(letters.map((letter) => [letter.id, known.get(letter.id) ?? itemOf(letter)]));
  for (const [id, item] of known) if (!items.has(id)) item.remove();
  const list = byId('dead-list');
  for (const [at, item] of [...items.values()].entries()) {
    if (list.children[at] !== item) list.insertBefore(item, list.children[at] ?? null);
  }
}

/** @param {Letter} letter */
function itemOf(letter) {
  const why = make('p', '', make('code', '', letter.code), `: ${letter.message}`);
  const where = `offset ${letter.offset}, ${formatBytes(letter.length)}, ${formatTime(letter.createdAt)}`;
  const text = make('div', 'letter', why, make('p', 'more', where), rawOf(letter));
  if (letter.code.startsWith('BLOCK_')) {
    const command = `npm run log -- reload --from ${letter.offset} --to ${letter.offset + letter.length}`;
    const what =
      'A damaged range of the log with many events. Stop the application, restore the file from a backup, start again, then: ';
    text.append(make('p', 'more', what, make('code', '', command)));
    return make('li', '', text);
  }
  const button = makeButton('Correct …', () => open(letter));
  button.setAttribute('aria-label', `Correct the dead letter at offset ${letter.offset}`);
  return make('li', '', text, button);
}

/** @param {Letter} letter */
function rawOf({ raw, offset }) {
  const text = make('pre', '', shorten(raw));
  text.tabIndex = 0; // it may scroll
  text.setAttribute('role', 'region');
  text.setAttribute('aria-label', `The record at offset ${offset}`);
  return text;
}

/** @param {string} raw */
const shorten = (raw) => (raw.length > SHOWN_MAX ? `${raw.slice(0, SHOWN_MAX)} …` : raw);

/** @param {Letter} letter */
function open(letter) {
  corrected = letter;
  setText(byId('dead-sent'), '');
  const { userId, name, value } = guess(letter.raw);
  setText(byId('letter-why'), `${letter.message} (${letter.code}), at offset ${letter.offset}`);
  setText(byId('letter-raw'), shorten(letter.raw));
  setText(byId('letter-error'), '');
  userInput.value = userId;
  nameInput.value = name;
  valueInput.value = value;
  dialog.showModal();
}

/** What can be read of a record. @param {string} raw */
function guess(raw) {
  /** @type {Record<string, unknown>} */
  let fields = {};
  try {
    const parsed = JSON.parse(raw);
    if (typeof parsed === 'object' && parsed !== null) fields = parsed;
  } catch {
    // no JSON: the person types it
  }
  const text = (/** @type {unknown} */ field) =>
    typeof field === 'string' || typeof field === 'number' ? String(field) : '';
  const name = fields['name'] === 'subtract_revenue' ? 'subtract_revenue' : 'add_revenue';
  return { userId: text(fields['userId']), name, value: text(fields['value']) };
}

/** The rules are the server's: what is no number goes as a text, and the server says what it says of that. */
function correction() {
  const typed = valueInput.value.trim();
  const value = A_NUMBER.test(typed) ? typed : JSON.stringify(typed);
  const event = JSON.stringify({ userId: userInput.value, name: nameInput.value });
  return `${event.slice(0, -1)},"value":${value}}`;
}

async function send() {
  if (corrected === null) return;
  const { id } = corrected;
  try {
    const headers = { 'Content-Type': 'application/json' };
    await request(`deadLetters/${id}/resubmit`, { method: 'POST', headers, body: correction() });
    dialog.close();
    setText(byId('dead-sent'), 'On its way: the balance changes with the next load.');
    byId('dead-letters').focus(); // the button goes with its dead letter
    refresh.ask();
  } catch (error) {
    setText(byId('letter-error'), describeError(error));
  }
}
