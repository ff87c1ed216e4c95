import type { EventRefusal } from '../../shared/event/event-codec.js';
import { cloudEventInvalid, type Attributes } from './refuse-attributes.js';

/** Headers by lower-case name; several values are those of a header that came several times. */
export type Headers = Readonly<NodeJS.Dict<string | readonly string[]>>;

export type AttributeHeaders =
  | { readonly kind: 'attributes'; readonly attributes: Attributes }
  | ({ readonly kind: 'refused' } & EventRefusal);

const PREFIX = 'ce-';
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
const QUOTED = /^"((?:[^"\\]|\\.)*)"$/;

/**
 * The `ce-*` headers as attributes: a text in double quotes is taken out of them, and `%XX` are
 * bytes of UTF-8, decoded once. Refuses what names no attribute or has no single meaning.
 */
export function readAttributeHeaders(headers: Headers): AttributeHeaders {
  const attributes: [string, string][] = [];
  for (const [header, value] of Object.entries(headers)) {
    if (!header.startsWith(PREFIX) || value === undefined) continue;
    const [first, ...more] = typeof value === 'string' ? [value] : value;
    if (more.length > 0) return refused(header, 'came several times');
    if (header === 'ce-datacontenttype') {
      return refused(header, 'has no place here: Content-Type says it');
    }
    const text = first === undefined ? null : decode(first);
    if (text === null) {
      return refused(header, 'must be printable ASCII, where other text is %XX of its UTF-8');
    }
    attributes.push([header.slice(PREFIX.length), text]);
  }
  return { kind: 'attributes', attributes: Object.fromEntries(attributes) };
}

const refused = (header: string, problem: string): AttributeHeaders => ({
  kind: 'refused',
  ...cloudEventInvalid(`header ${header.slice(0, 64)} ${problem}`),
});

/** Null when it is no text that the HTTP binding would write. */
function decode(value: string): string | null {
  if (!PRINTABLE_ASCII.test(value)) return null;
  const text = value.startsWith('"') ? unquote(value) : value;
  if (text === null) return null;
  try {
    return decodeURIComponent(text);
  } catch {
    return null; // a % without two digits, or bytes that are no UTF-8
  }
}

function unquote(value: string): string | null {
  const [, inside] = QUOTED.exec(value) ?? [];
  return inside?.replaceAll(/\\(.)/g, '$1') ?? null;
}
