import { askForKey, keyOrNull } from './key-dialog.js';

/** An answer that is no success, or none at all (status 0). `message` is what the server says. */
export class ApiError extends Error {
  /**
   * @param {number} status
   * @param {string} code
   * @param {string} message
   */
  constructor(status, code, message) {
    super(message);
    this.status = status;
    this.code = code;
  }
}

/**
 * A request to this application, with the key where there is one. 401 asks the person for a key and tries again.
 * @param {string} path as seen from the page, which a proxy may have put anywhere
 * @param {RequestInit & { headers?: Record<string, string> }} [options]
 * @returns {Promise<Response>} of a success
 * @throws {ApiError} for all else, and what fetch throws when `signal` is aborted
 */
export async function request(path, options = {}) {
  for (;;) {
    const key = keyOrNull();
    /** @type {Record<string, string>} */
    const headers = { ...options.headers };
    if (key !== null) headers['Authorization'] = `Bearer ${key}`;
    const response = await send(path, { ...options, headers });
    if (response.ok) {
      if (key === keyOrNull() || options.method !== undefined) return response;
      void response.body?.cancel(); // of a key that was forgotten meanwhile: asked for again
      continue;
    }
    const error = await problemOf(response);
    if (error.status !== 401) throw error;
    if (!(await askForKey(key))) throw error;
  }
}

/**
 * @param {string} path
 * @param {RequestInit & { headers?: Record<string, string> }} [options]
 * @returns {Promise<any>}
 */
export async function requestJson(path, options) {
  const response = await request(path, options);
  return response.json();
}

/**
 * @param {string} path
 * @param {RequestInit} options
 */
async function send(path, options) {
  try {
    return await fetch(path, { cache: 'no-store', credentials: 'same-origin', ...options });
  } catch (error) {
    if (options.signal?.aborted) throw error;
    throw new ApiError(0, 'NO_ANSWER', 'the application does not answer');
  }
}

/** @param {Response} response */
async function problemOf(response) {
  const fallback = `${response.status} ${response.statusText}`;
  try {
    const { code, detail } = await response.json();
    return new ApiError(response.status, String(code ?? ''), String(detail ?? fallback));
  } catch {
    return new ApiError(response.status, '', fallback);
  }
}

/**
 * For people: what the server says, and its code.
 * @param {unknown} error
 */
export function describeError(error) {
  if (!(error instanceof ApiError)) return String(error);
  return error.code === '' || error.status === 0
    ? error.message
    : `${error.message} (${error.code})`;
}
