import { MutableLine } from './mutate-line.js';

/** What lines of a window are like, as odds from 0 to 1. */
export interface LineMix {
  /** Users and ids beyond ASCII. */
  readonly foreign: number;
  /** Lines whose bytes are changed at random. */
  readonly mutated: number;
  /** Lines of another layout than this system writes. */
  readonly odd: number;
}

const UUID = '8c6f0a52-1d7e-4b39-9f0a-5e2c7d81b364';
const CHARACTERS = {
  plain: ['a', 'Z', '0', '-', ':'],
  // Beside the quote, the backslash and the control characters.
  edge: ['!', '#', '[', ']', ' ', '~', '\x7f', '`', '|', "'", '}', '{', ','],
  two: ['\u0080', 'é', 'ÿ', '\u07ff', 'Ā', '\u00a2', '\u00dc'],
  three: ['\u0800', '€', '\ufeff', '\ufffd', '\uffff', '\ud7ff', '\ue000', '\u2028'],
  four: ['😀', '\u{10000}', '\u{10ffff}', '\u{22222}', '\u{5c5c}'],
};
const ESCAPES = [
  ...['\\n', '\\"', '\\\\', '\\/', '\\b', '\\u0041', '\\u00e9', '\\u20AC', '\\ud83d\\ude00'],
  ...['\\ud800', '\\udc00', '\\ude00\\ud83d', '\\u0000', '\\x', '\\u12', '\\', '\\uZZZZ', '\\t'],
  ...['\x00', '\x01', '\x1f', '\t', '\r', '"', '\\u0022', '\\u005c'],
];
const NAMED = ['__proto__', 'constructor', 'toString', 'hasOwnProperty', 'dead', 'null', '0'];
const IDS = [
  ...['inv-17:3', 'dead', 'deaf', 'dea', 'dead-letter', 'dead-letter:', 'dead-letter:x', ''],
  ...[`dead-letter:${UUID}:0`, `dead-letter:${UUID}:4711`, `dead-letter:${UUID}:00`],
  ...[`dead-letter:${UUID}:9007199254740991`, `dead-letter:${UUID}:9007199254740993`],
  ...[`dead-letter:${UUID.toUpperCase()}:1`, `dead-letter:${UUID}:-1`, `dead-letter:${UUID}`],
  ...[`dead-letter:${UUID}:1 `, ` dead-letter:${UUID}:1`, `Dead-letter:${UUID}:1`],
  ...[`\\u0064ead-letter:${UUID}:5`, `dead\\u002dletter:${UUID}:6`, `dead-letter:${UUID}:1e3`],
];
const TIMESTAMPS = [
  ...['0', '1', '999999999999', '1000000000000', '9999999999999', '10000000000000', '-1'],
  ...['0763800000000', '00', '1763800000000.0', '1763800000000.5', '1e12', '1.7638e12', '-0'],
  ...['9007199254740991', '9007199254740992', '12345678901234567', 'null', '"1763800000000"'],
  ...['176380000000', '17638000000000', '1763800000 00', '+763800000000', '17638000000/0', '[1]'],
];
const VALUES = [
  ...['0', '-0', '00', '0.0', '1.0', '1e3', '1E-7', '1e-6', '1E+2', '1.1234567', '0.1234560'],
  ...['123456789012345', '1234567890123456', '999999999999999', '999999999999999.1', '0.000001'],
  ...['999999999999999.0', '0.0000001', '99999999999999.1', '999999999.999999', '+1', '1.', '.5'],
  ...['0.999999', '12345678901234.5', '123456789.123456', '1234567890.12345', '-1', '01', '1_0'],
  ...['1000000000000000', '1e15', '1e400', '0x10', 'NaN', 'null', '"1"', '[1]', '{}', 'true', ''],
  ...[
    '1234567890.123456',
    '0.00000',
    '5.10',
    '100000000000000.0',
    '9007199254740993',
    '1 ',
    '1..2',
  ],
];
const ODD_NAMES = ['Add_revenue', 'add_revenu', 'add_revenuee', '', 'add_\\u0072evenue', 'add'];
const LENGTHS = [0, 63, 64, 126, 127, 128, 129, 131, 132, 251, 252, 253, 254, 255, 256, 257, 260];

/** Lines of a log, good and bad, of a kind that a scanner of bytes could misread. */
export class SampleLines {
  private users: string[] = [];

  constructor(private readonly random: () => number) {}

  /** Ended by `\n`; of a mutated line also before the end, or not at all. */
  next(mix: LineMix): string | Buffer {
    if (this.random() < mix.mutated) return this.mutate(mix);
    return `${this.random() < mix.odd ? this.odd(mix) : this.good(mix)}\n`;
  }

  /** In the layout of this system, although what stands in it may be anything. */
  good(mix: LineMix): string {
    const id = this.random() < 0.5 ? '' : `"id":"${this.id(mix)}",`;
    const name = this.random() < 0.5 ? 'add_revenue' : 'subtract_revenue';
    const head = `{"timestamp":${this.timestamp()},${id}"userId":"${this.user(mix)}"`;
    return `${head},"name":"${name}","value":${this.value()}}`;
  }

  pick<T>(list: readonly T[]): T {
    return list[this.below(list.length)]!;
  }

  private below(bound: number): number {
    return (this.random() * bound) | 0;
  }

  /** Most of them again and again, so that sums are sums. */
  private user(mix: LineMix): string {
    if (this.users.length < 200) this.users.push(this.text(mix));
    if (this.random() < 0.05) this.users[this.below(this.users.length)] = this.text(mix);
    return this.pick(this.users);
  }

  private id(mix: LineMix): string {
    const kind = this.random();
    if (kind < 0.7) return `inv-${this.below(1_000_000)}:${this.below(9)}`;
    return kind < 0.9 ? this.text(mix) : this.pick(IDS);
  }

  private text({ foreign }: LineMix): string {
    const kind = this.random();
    if (kind < 0.02) return this.pick(NAMED);
    const length = this.random() < 0.8 ? 1 + this.below(20) : this.pick(LENGTHS);
    const sets = this.random() < foreign ? Object.values(CHARACTERS) : [CHARACTERS.plain];
    const only = this.random() < 0.3 ? [this.pick(sets)] : sets;
    let text = '';
    for (let count = 0; count < length; count++) {
      const edge = this.random() < 0.1;
      text += this.pick(edge ? CHARACTERS.edge : this.pick(only));
    }
    if (kind > 0.97) return this.insert(text, this.pick(ESCAPES));
    // As many bytes, and not characters, as the length says.
    return kind > 0.7 ? Buffer.from(text).subarray(0, length).toString().replace(/�$/, '') : text;
  }

  private insert(text: string, part: string): string {
    const at = this.below(text.length + 1);
    return text.slice(0, at) + part + text.slice(at);
  }

  private timestamp(): string {
    if (this.random() < 0.02) return this.pick(TIMESTAMPS);
    return `1763${this.random() < 0.9 ? '80000' : this.below(90_000) + 10_000}${1_000 + this.below(9_000)}`;
  }

  private value(): string {
    const kind = this.random();
    if (kind < 0.1) return this.pick(VALUES);
    if (kind < 0.5) return String(this.below(100_000));
    const digits = String(this.below(2 ** 48)).padStart(15, '9') + String(this.below(100));
    const length = 1 + this.below(17);
    const point = this.below(9);
    const text = digits.slice(-length).replace(/^0+(?=.)/, '');
    const fraction = digits.slice(0, point);
    return kind < 0.7 || point === 0 ? text : `${text.slice(0, 15 - point)}.${fraction}`;
  }

  private odd(mix: LineMix): string {
    const good = this.good(mix);
    const user = `"userId":"${this.user(mix)}"`;
    const rest = `"name":"${this.pick(ODD_NAMES)}","value":${this.value()}`;
    const time = `"timestamp":${this.timestamp()}`;
    const space = this.pick([' ', '\t', '  ', '\r', '\v']);
    switch (this.below(16)) {
      case 0:
        return `{${user},${time},"name":"add_revenue","value":${this.value()}}`;
      case 1:
        return this.insert(good, space);
      case 2:
        return good.replaceAll(',"', `${space},${space}"`);
      case 3:
        return `{${time},${user},${rest}}`;
      case 4:
        return good.replace('"name"', `${user},"name"`);
      case 5:
        return good.replace('"value"', '"value":1,"value"');
      case 6:
        return good.replace('"name"', `"${this.pick([...NAMED, 'x', 'Id'])}":1,"name"`);
      case 7:
        return good.replace(this.pick([/"timestamp":[^,]*,/, /"name":"[^"]*",/, /,"value".*/]), '');
      case 8:
        return this.pick([
          '',
          '}',
          '{}',
          '[]',
          'null',
          '1',
          '""',
          '{',
          '}}',
          '\r',
          'true',
          '\ufeff',
        ]);
      case 9:
        return `${good}\r`;
      case 10:
        return `\ufeff${good}`;
      case 11:
        return good.replace(
          /:"[^"]*"/,
          `:${this.pick(['null', '5', '{"a":[1]}', '["a"]', 'true'])}`,
        );
      case 12:
        return good.replace('"id"', this.pick(['"timestamp"', '"userId"', '"\\u0069d"', '"Id"']));
      case 13:
        return `${good}${this.pick(['}', ' ', ',', '\x00', good])}`;
      case 14:
        return good.slice(this.below(good.length));
      default:
        return good.slice(0, this.below(good.length));
    }
  }

  private mutate(mix: LineMix): Buffer {
    const line = new MutableLine(this.random, `${this.good(mix)}\n`);
    for (let times = 1 + this.below(3); times > 0; times--) {
      line.change(() => Buffer.from(`${this.good(mix)}\n`));
    }
    return line.bytes;
  }
}
