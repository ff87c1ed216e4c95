import { decodeJson, withoutByteOrderMark } from '../../shared/event/decode-json.js';
import type { EventRefusal } from '../../shared/event/event-codec.js';
import { cloudEventKey } from './cloud-event-key.js';
import { readAttributeHeaders, type Headers } from './read-attribute-headers.js';
import { cloudEventInvalid, refuseAttributes, type Attributes } from './refuse-attributes.js';

type Refused = { readonly kind: 'refused' } & EventRefusal;

export type DecodedCloudEvent =
  | {
      readonly kind: 'event';
      /** For decodeEvent, which proves it. Has no id of its own. */
      readonly data: unknown;
      /** The id of that event: one for each source and id. */
      readonly id: string;
    }
  | Refused;

export type DecodedAttributes = { readonly kind: 'attributes'; readonly id: string } | Refused;

/**
 * A CloudEvent in structured mode, or an item of batched mode: what JSON.parse gave. Refuses with
 * CLOUDEVENT_INVALID, naming the attribute; with CLOUDEVENT_DATA_ID; or, for a `data_base64` whose
 * bytes are no JSON, with the code of decodeJson. Pure; never throws.
 */
export function decodeStructured(json: unknown): DecodedCloudEvent {
  if (typeof json !== 'object' || json === null || Array.isArray(json)) {
    return { kind: 'refused', ...cloudEventInvalid('must be a JSON object') };
  }
  const { data, data_base64: base64, ...attributes } = json as Attributes;
  const refusal = refuseAttributes(attributes);
  if (refusal !== null) return { kind: 'refused', ...refusal };
  const decoded = readData(data, base64 ?? undefined);
  if (decoded.kind === 'refused') return decoded;
  const ofData = refuseDataId(decoded.json);
  if (ofData !== null) return { kind: 'refused', ...ofData };
  return { kind: 'event', data: decoded.json, id: keyOf(attributes) };
}

/**
 * The attributes of a CloudEvent in binary mode. Its body is the data, which the caller decodes, and
 * asks refuseDataId about.
 * @param headers best `headersDistinct`: in `headers` Node.js has joined what came several times
 */
export function decodeBinary(headers: Headers): DecodedAttributes {
  const read = readAttributeHeaders(headers);
  if (read.kind === 'refused') return read;
  const refusal = refuseAttributes(read.attributes);
  if (refusal !== null) return { kind: 'refused', ...refusal };
  return { kind: 'attributes', id: keyOf(read.attributes) };
}

/**
 * Whether an `application/json` is a CloudEvent in binary mode: one of the required attributes is
 * there. With `ce-id` alone it is none that is valid, and taken as a plain event it would lose its key.
 */
export const isBinaryMode = (headers: Headers): boolean =>
  headers['ce-specversion'] !== undefined ||
  headers['ce-id'] !== undefined ||
  headers['ce-source'] !== undefined ||
  headers['ce-type'] !== undefined;

/** A second key beside that of the CloudEvent would let one event count twice. */
export function refuseDataId(data: unknown): EventRefusal | null {
  const hasId = typeof data === 'object' && data !== null && Object.hasOwn(data, 'id');
  return hasId ? DATA_ID : null;
}

const DATA_ID: EventRefusal = {
  code: 'CLOUDEVENT_DATA_ID',
  message: 'the data of a CloudEvent has no id: source and id of the CloudEvent are its key',
};

/** Once refuseAttributes has proved them. */
const keyOf = ({ source, id }: Attributes): string => cloudEventKey(String(source), String(id));

type DecodedData = { readonly kind: 'json'; readonly json: unknown } | Refused;

const invalid = (problem: string): Refused => ({ kind: 'refused', ...cloudEventInvalid(problem) });

function readData(data: unknown, base64: unknown): DecodedData {
  if (base64 === undefined) {
    return data === undefined ? invalid('data is missing') : { kind: 'json', json: data };
  }
  if (data !== undefined) return invalid('has data and data_base64: only one of them');
  const bytes = typeof base64 === 'string' ? Buffer.from(base64, 'base64') : null;
  // Buffer skips what is no base64 and never fails: only what it would write itself is taken.
  if (bytes?.toString('base64') !== base64) return invalid('data_base64 must be base64');
  const decoded = decodeJson(withoutByteOrderMark(bytes));
  if (decoded.kind === 'json') return decoded;
  return { ...decoded, message: `data_base64: ${decoded.message}` };
}
