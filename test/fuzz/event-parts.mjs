/** Parts of events, good and bad, of a kind that a scanner of bytes or a careless parser could misread. */

export const USERS = [
  ...[
    'abc123',
    'u1',
    'u2',
    'u3',
    '__proto__',
    'hasOwnProperty',
    'constructor',
    "o'brien",
    '..',
    ' ',
  ],
  ...[
    'Zoë',
    '東京',
    '😀',
    'e\u0301',
    '\u2028',
    '\ufeff',
    '\ufffd',
    '\u{10ffff}',
    'a b',
    '"',
    '\\',
    '\x7f',
  ],
  ...['\x01', 'tab\there', 'x'.repeat(255), '😀'.repeat(255), 'null', '0', 'true', '\u00a0', '/'],
];

export const VALUES = [
  ...[
    '0',
    '1',
    '432',
    '0.1',
    '0.2',
    '0.3',
    '0.000001',
    '999999999999999',
    '99999999999999.1',
    '19.99',
  ],
  ...['123456789.123456', '1e3', '1E+2', '1.5e-3', '4.0', '100.10', '5e-6', '0.0', '0e0', '1.0e0'],
  ...['9007199254740.99', '999999999.999999', '1e14', '12345678901234.5'],
];

export const BAD_VALUES = [
  ...[
    '-1',
    '-0',
    '-0.0',
    '1e400',
    '-1e400',
    '1e15',
    '999999999999999.5',
    '1000000000000000',
    '0.0000001',
  ],
  ...[
    '1e-7',
    '1234567890.123456',
    '"432"',
    'null',
    'true',
    '[1]',
    '{}',
    '01',
    '+1',
    '1.',
    '.5',
    'NaN',
  ],
  ...[
    'Infinity',
    '0x10',
    '1_000',
    '1e',
    '',
    '--1',
    '9'.repeat(400),
    '0.1e',
    '١',
    '1,5',
    '0.10000000000000001',
  ],
];

export const BAD_TEXTS = [
  ...[
    '""',
    '5',
    'null',
    'true',
    '[]',
    '{"a":1}',
    '"\\u0000"',
    '"\\ud800"',
    '"\\udc00x"',
    '"\\ude00\\ud83d"',
  ],
  ...['"\\x41"', '"\\u12"', '"\n"', '"\t"', '"\x00"', '"unended', "'single'", '"a""b"'],
];

export const KEYS = [
  'timestamp',
  '__proto__',
  'currency',
  'UserId',
  'toString',
  '',
  'value ',
  'hasOwnProperty',
];

export const NAMES = ['"add_revenue"', '"subtract_revenue"'];

export const BAD_NAMES = [
  '"Add_revenue"',
  '"add_revenu"',
  '"multiply"',
  '""',
  'null',
  '7',
  '"toString"',
  '"add_revenue\\u0000"',
];

export const NO_EVENTS = [
  ...[
    'null',
    '5',
    '"event"',
    'true',
    '[]',
    '[[]]',
    '{}',
    '{',
    '}',
    '[',
    ']',
    ',',
    '""',
    '{"":0}',
    'nul',
  ],
  ...[
    '{"userId"}',
    '{,}',
    '{"userId":"u",}',
    '\ufeff',
    '\x00',
    '//',
    '/* */ {}',
    'undefined',
    '{"a":1}{"b":2}',
  ],
];

export const SPACES = ['', ' ', '  ', '\t', ' \t'];

export const TELLING = [...Buffer.from('\x00\t\r\n "\\/{}[]:,.+-eE0123456789u\x1f\x7f')];

export const BROKEN_UTF8 = [
  ...[[0xff], [0xc0, 0xaf], [0xe2, 0x82], [0xed, 0xa0, 0x80], [0xf5, 0x80, 0x80, 0x80], [0x80]],
  ...[[0xf4, 0x90, 0x80, 0x80], [0xc2], [0xe0, 0x80, 0x80], [0xf0, 0x9f, 0x98], [0xfe, 0xff]],
  ...[
    [0xc3, 0xa9],
    [0xe2, 0x82, 0xac],
    [0xf0, 0x9f, 0x98, 0x80],
  ],
];
