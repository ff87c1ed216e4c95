import { byId, byIdAs, setText } from './dom.js';

const STORED = 'revenue-etl-key';
const dialog = byIdAs('key-dialog', HTMLDialogElement);
const input = byIdAs('key-input', HTMLInputElement);
const forget = byId('forget-key');

/** @type {Promise<boolean> | null} */
let asking = null;

/** The key, which this tab knows until it is closed; no other tab and no disk does. */
export const keyOrNull = () => sessionStorage.getItem(STORED);

/**
 * Asks the person for a key, once for all requests that need one meanwhile.
 * @param {string | null} refused the key that was refused; null when there was none
 * @returns {Promise<boolean>} whether there is another key now
 */
export function askForKey(refused) {
  if (keyOrNull() !== refused) return Promise.resolve(true); // somebody has asked meanwhile
  asking ??= ask(refused !== null).finally(() => (asking = null));
  return asking;
}

/**
 * @param {boolean} wasRefused
 * @returns {Promise<boolean>}
 */
function ask(wasRefused) {
  if (wasRefused) forgetKey();
  setText(byId('key-error'), wasRefused ? 'This key is not known here.' : '');
  input.value = '';
  dialog.returnValue = '';
  dialog.showModal();
  return new Promise((resolve) => {
    const closed = () => resolve(dialog.returnValue === 'given' && keyOrNull() !== null);
    dialog.addEventListener('close', closed, { once: true });
  });
}

function forgetKey() {
  sessionStorage.removeItem(STORED);
  forget.hidden = true;
}

/** Whether a person is asked for a key now. */
export const isAsking = () => dialog.open;

/**
 * @param {{ onForget: () => void, onAnswer: () => void }} listeners
 * when the person wants the key forgotten; when they have given one, or none
 */
export function startKeys({ onForget, onAnswer }) {
  forget.hidden = keyOrNull() === null;
  forget.addEventListener('click', () => {
    forgetKey();
    onForget();
  });
  dialog.addEventListener('close', onAnswer);
  byId('key-cancel').addEventListener('click', () => dialog.close());
  byIdAs('key-form', HTMLFormElement).addEventListener('submit', (event) => {
    event.preventDefault();
    const key = input.value.trim();
    if (!/^[\x21-\x7e]+$/.test(key)) {
      setText(byId('key-error'), 'A key has no spaces, and only letters, digits and signs.');
      return;
    }
    sessionStorage.setItem(STORED, key);
    input.value = ''; // nowhere else
    forget.hidden = false;
    dialog.close('given');
  });
}
