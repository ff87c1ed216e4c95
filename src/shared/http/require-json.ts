import { Problem } from './problem.js';

/**
 * Proves that a body is declared as `application/json` in UTF-8.
 * @throws Problem 415 otherwise.
 */
export function requireJson(contentType: string | undefined): void {
  const [type = '', ...parameters] = (contentType ?? '').split(';').map((part) => part.trim());
  if (type.toLowerCase() !== 'application/json') {
    const got = type === '' ? 'none' : JSON.stringify(type);
    throw unsupported(`Content-Type must be application/json, got ${got}`);
  }
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter));
  if (charset !== undefined && !/^charset="?utf-?8"?$/i.test(charset)) {
    throw unsupported(`the charset must be utf-8, got ${JSON.stringify(charset)}`);
  }
}

const unsupported = (detail: string): Problem =>
  new Problem({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED', detail });
