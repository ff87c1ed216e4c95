import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from '../shared/http/problem.js';
import { isBinaryMode } from './cloud-events/decode-cloud-event.js';

/** The form in which a body holds its events. */
export type BodyForm =
  | 'json'
  | 'ndjson'
  | 'cloud-event' // in binary mode: the body is the event, the attributes are headers
  | 'cloud-event-structured'
  | 'cloud-event-batch';

const FORMS: ReadonlyMap<string, BodyForm> = new Map([
  ['application/json', 'json'],
  ['application/x-ndjson', 'ndjson'],
  ['application/ndjson', 'ndjson'],
  ['application/jsonl', 'ndjson'],
  ['application/cloudevents+json', 'cloud-event-structured'],
  ['application/cloudevents-batch+json', 'cloud-event-batch'],
]);

/** The form of a body by its headers. @throws Problem 415 for a form that is not taken. */
export function bodyForm(headers: IncomingHttpHeaders): BodyForm {
  const contentType = headers['content-type'] ?? '';
  // The very texts that nearly everybody sends need no taking apart.
  const form = FORMS.get(contentType) ?? parseForm(contentType);
  if ((form !== 'json' && form !== 'ndjson') || !isBinaryMode(headers)) return form;
  if (form === 'json') return 'cloud-event';
  throw unsupported(
    'a CloudEvent in binary mode (ce-* headers) has one event, as application/json',
  );
}

function parseForm(contentType: string): BodyForm {
  const [type = '', ...parameters] = contentType.split(';').map((part) => part.trim());
  const form = FORMS.get(type.toLowerCase());
  if (form === undefined) {
    const got = type === '' ? 'none' : JSON.stringify(type);
    throw unsupported(`Content-Type must be one of ${[...FORMS.keys()].join(', ')}; got ${got}`);
  }
  const charset = parameters.find((parameter) => /^charset=/i.test(parameter));
  if (charset !== undefined && !/^charset="?utf-?8"?$/i.test(charset)) {
    throw unsupported(`the charset must be utf-8, got ${JSON.stringify(charset)}`);
  }
  return form;
}

const unsupported = (detail: string): Problem =>
  new Problem({ status: 415, code: 'MEDIA_TYPE_UNSUPPORTED', detail });
