import {
  BAD_NAMES,
  BAD_TEXTS,
  BAD_VALUES,
  BROKEN_UTF8,
  KEYS,
  NAMES,
  NO_EVENTS,
  SPACES,
  TELLING,
  USERS,
  VALUES,
} from './event-parts.mjs';

/** Makes the texts of one case. Ids are the case's own unless they are shared ones, whose content never differs. */
export class EventTexts {
  #random;
  #prefix;
  #made = 0;

  constructor(random, prefix) {
    this.#random = random;
    this.#prefix = prefix;
  }

  /** In the layout that this project itself writes. */
  plain({ id = this.#id() } = {}) {
    const random = this.#random;
    const user = JSON.stringify(
      random.chance(0.7) ? random.pick(USERS) : `user-${random.below(90)}`,
    );
    const head = id === null ? '' : `"id":${JSON.stringify(id)},`;
    return `{${head}"userId":${user},"name":${random.pick(NAMES)},"value":${this.#value()}}`;
  }

  /** An id that other cases send too, always with this content. */
  shared() {
    const number = this.#random.below(500);
    return `{"id":"shared-${number}","userId":"u${number % 7}","name":"add_revenue","value":${number}}`;
  }

  /** Good, in any layout. */
  good() {
    return this.#random.weighted([
      [5, () => this.plain()],
      [1, () => this.shared()],
      [3, () => this.#spelled(this.plain())],
    ])();
  }

  /** Good or bad, as bytes on one line unless a mutation says otherwise. */
  any() {
    return this.#random.weighted([
      [10, () => Buffer.from(this.good())],
      [4, () => Buffer.from(this.#bad())],
      [4, () => this.#mutated(Buffer.from(this.plain()))],
      [1, () => Buffer.from(this.#random.pick(NO_EVENTS))],
    ])();
  }

  /** Like `any`, on one line and not blank. */
  anyLine() {
    const line = Buffer.from(this.any().filter((byte) => byte !== 0x0a));
    return /^[ \t\r]*$/.test(line.toString('latin1')) ? Buffer.from('?') : line;
  }

  #id() {
    if (this.#random.chance(0.6)) return null;
    this.#made += 1;
    const tail = this.#random.weighted([
      [8, ''],
      [1, 'é😀"\\'],
      [1, '\x01\x7f/'],
    ]);
    return `${this.#prefix}:${this.#made}${tail}`;
  }

  #value() {
    const random = this.#random;
    if (random.chance(0.4)) return random.pick(VALUES);
    if (random.chance(0.5)) return String(random.below(100_000));
    return String(random.below(1_000_000_000) / 10 ** random.below(7));
  }

  /** The same event, written by somebody else: order, spaces, escapes, repeated keys. */
  #spelled(text) {
    const random = this.#random;
    let members = text
      .slice(1, -1)
      .match(/"(?:id|userId|name|value)":(?:"(?:[^"\\]|\\.)*"|[^,"]+)/g);
    if (random.chance(0.6)) members = members.toSorted(() => random.below(3) - 1);
    if (random.chance(0.2))
      members.unshift(`"value":${random.pick([...BAD_VALUES.slice(0, 16), '7'])}`);
    if (random.chance(0.2)) members = members.map((member) => this.#escaped(member));
    const space = () => (random.chance(0.4) ? random.pick(SPACES) : '');
    const spaced = members.map((member) => {
      const colon = member.indexOf('":') + 1;
      const [key, value] = [member.slice(0, colon), member.slice(colon + 1)];
      return `${space()}${key}${space()}:${space()}${value}${space()}`;
    });
    return `${space()}{${spaced.join(',')}}${space()}`;
  }

  /** One letter of it as `\uXXXX`, which changes nothing. */
  #escaped(member) {
    const letters = [...member.matchAll(/(?<![\\\w])[a-zA-Z](?=[a-zA-Z_]+")/g)];
    if (letters.length === 0) return member;
    const { index } = this.#random.pick(letters);
    const code = member.charCodeAt(index).toString(16).padStart(4, '0');
    return `${member.slice(0, index)}\\u${code}${member.slice(index + 1)}`;
  }

  #bad() {
    const random = this.#random;
    const good = this.plain();
    const user = /"userId":"(?:[^"\\]|\\.)*"/;
    return random.weighted([
      [4, () => good.replace(/"value":.*/, () => `"value":${random.pick(BAD_VALUES)}}`)],
      [3, () => good.replace(user, () => `"userId":${random.pick(BAD_TEXTS)}`)],
      [2, () => `{"id":${random.pick(BAD_TEXTS)},${this.plain({ id: null }).slice(1)}`],
      [2, () => good.replace(/"name":"\w+"/, () => `"name":${random.pick(BAD_NAMES)}`)],
      [2, () => `{${JSON.stringify(random.pick(KEYS))}:${random.pick(VALUES)},${good.slice(1)}`],
      [1, () => good.replace(random.pick([user, /"name":"\w+"/, /,"value".*/]), '')],
      [1, () => good.replace(user, () => `"userId":"${random.pick(['x', '😀']).repeat(256)}"`)],
      [1, () => `{"id":"${'i'.repeat(129)}",${this.plain({ id: null }).slice(1)}`],
      [1, () => `{"id":"dead-letter:${random.below(9)}",${this.plain({ id: null }).slice(1)}`],
      [1, () => this.#nested(good)],
      [1, () => good.slice(0, random.below(good.length))],
      [1, () => good + random.pick(['}', ',', good, '\x00', 'x', '\v'])],
      [1, () => `\ufeff${good}`],
      [1, () => good.replace(',"', `,${random.pick(['\v', '\f', '\u00a0', '\x00'])}"`)],
      [1, () => good.replace('}', `,"more":"${'x'.repeat(2_000)}"}`)],
    ])();
  }

  #nested(good) {
    const levels = this.#random.pick([3, 15, 17, 200, 3_000]);
    const [open, close] = this.#random.pick(['[]', '{}'].map((pair) => [...pair]));
    const opening = open === '{' ? '{"a":' : '[';
    const deep = `${opening.repeat(levels)}1${close.repeat(levels)}`;
    return good.replace(/"value":.*/, () => `"value":${deep}}`);
  }

  #mutated(bytes) {
    let mutated = bytes;
    for (let times = 1 + this.#random.below(3); times > 0; times -= 1)
      mutated = this.#mutate(mutated);
    return mutated;
  }

  #mutate(bytes) {
    const random = this.#random;
    const at = random.below(bytes.length);
    const [before, behind] = [bytes.subarray(0, at), bytes.subarray(at)];
    const put = (insert, skip) =>
      Buffer.concat([before, Buffer.from(insert), behind.subarray(skip)]);
    return random.weighted([
      [3, () => put([random.below(256)], 1)],
      [2, () => put([bytes[at] ^ (1 << random.below(8))], 1)],
      [3, () => put([random.pick(TELLING)], random.below(2))],
      [2, () => put([], 1 + random.below(4))],
      [2, () => put(random.pick(BROKEN_UTF8), 0)],
      [1, () => put(bytes.subarray(random.below(bytes.length)), bytes.length)],
    ])();
  }
}
