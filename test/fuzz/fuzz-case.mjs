import { brotliDecompressSync, gunzipSync, inflateSync } from 'node:zlib';
import { makeBinary, makeCloudEvent } from './cloud-events.mjs';
import { BOUNDS, judgeJson, judgeLines, refusal } from './door-model.mjs';
import { brokenRequest } from './broken-wire.mjs';
import { decodeText, parseJson } from './event-model.mjs';
import { EventTexts } from './event-text.mjs';
import { FuzzRandom } from './fuzz-random.mjs';
import { PACKERS, toWire } from './requests.mjs';
import { oneItemAtEveryDoor } from './same-codes.mjs';

const JSON_TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'Application/JSON;charset="UTF-8"',
];
const LINE_TYPES = [
  'application/x-ndjson',
  'application/ndjson',
  'application/jsonl',
  'application/x-ndjson; charset=utf-8',
];
const OTHER_TYPES = [
  ...[
    'text/plain',
    'application/xml',
    'application/jsonp',
    'application/json; charset=latin1',
    ';;;',
    '*/*',
  ],
  ...[
    'multipart/form-data; boundary=x',
    'application/cloudevents+avro',
    'application/x-ndjson; charset=utf-16',
  ],
  ...['constructor', '__proto__', 'toString', 'application', 'json', 'application/json/x', 'null'],
];
const ENDS = ['\n', '\n', '\n', '\r\n', '\n\n', '\n \t\r\n'];
const UNPACKERS = { gzip: gunzipSync, deflate: inflateSync, br: brotliDecompressSync };

/**
 * The case of a number: `requests`, each with its bytes (`wire`) and what it deserves (`expectation`), `alone` when its
 * answer may end the connection, and `broken` when it spoils its connection and needs one of its own. `together`
 * judges the answers to all of them.
 */
export function makeCase(seed, number) {
  const random = new FuzzRandom(seed, number);
  const texts = new EventTexts(random, `c${number}`);
  const make = random.weighted(KINDS);
  return make({ random, texts, number });
}

const one = (request) => ({ requests: [request] });

const KINDS = [
  [40, ({ random, texts }) => one(jsonRequest(random, texts.any()))],
  [15, ({ random, texts }) => one(jsonRequest(random, arrayOf(random, texts)))],
  [20, ({ random, texts }) => one(linesRequest(random, linesOf(random, texts)))],
  [6, (context) => one(structuredRequest(context))],
  [3, (context) => one(binaryRequest(context))],
  [4, ({ random, texts }) => one(refusedRequest(random, texts))],
  [5, ({ random, texts }) => oneItemAtEveryDoor(random, texts.anyLine())],
  [3, ({ random, number }) => one(brokenRequest(random, number))],
];

function arrayOf(random, texts) {
  const count = random.chance(0.01) ? BOUNDS.ARRAY_ITEMS_MAX + random.below(2) : random.below(20);
  const item = random.weighted([
    [6, () => texts.good()],
    [3, () => texts.any()],
    [1, () => '1'],
  ]);
  const items = Array.from({ length: count }, () => Buffer.from(count < 20 ? item() : '5'));
  const space = random.pick(['', '', ' ', '\n', '\r\n\t']);
  const parts = items.flatMap((bytes, i) => [Buffer.from(i === 0 ? space : `,${space}`), bytes]);
  return Buffer.concat([Buffer.from('['), ...parts, Buffer.from(`${space}]`)]);
}

function linesOf(random, texts) {
  const parts = random.chance(0.05) ? [Buffer.from('\ufeff')] : [];
  const end = random.chance(0.5) ? () => '\n' : () => random.pick(ENDS);
  for (let count = random.below(30); count > 0; count -= 1) {
    parts.push(random.chance(0.02) ? longLine(random, texts) : texts.any(), Buffer.from(end()));
  }
  if (parts.length > 1 && random.chance(0.3)) parts.pop();
  return Buffer.concat(parts);
}

/** As long as is allowed, or longer by a byte or many. */
function longLine(random, texts) {
  const bytes = Buffer.from(texts.plain());
  const length = BOUNDS.LINE_BYTES_MAX + random.pick([0, 1, 5_000]);
  return Buffer.concat([bytes, Buffer.alloc(Math.max(0, length - bytes.length), ' ')]);
}

function jsonRequest(random, bytes) {
  const marked = random.chance(0.03) ? Buffer.concat([Buffer.from('\ufeff'), bytes]) : bytes;
  const body = random.chance(0.003) ? Buffer.concat([marked, Buffer.alloc(40_000, ' ')]) : marked;
  return pack(random, { type: random.pick(JSON_TYPES), body, judge: judgeJson });
}

const linesRequest = (random, body) =>
  pack(random, { type: random.pick(LINE_TYPES), body, judge: judgeLines });

/** At times compressed, at times compressed and then broken. */
function pack(random, { type, body, judge, headers = [] }) {
  const base = [
    ...(random.chance(0.9) ? [] : ['Expect: 100-continue']),
    `Content-Type: ${type}`,
    ...headers,
  ];
  if (random.chance(0.9)) return finish(random, { headers: base, body, expectation: judge(body) });
  const coding = random.pick(Object.keys(PACKERS));
  const packed = PACKERS[coding](body);
  const coded = [...base, `Content-Encoding: ${random.pick([coding, coding.toUpperCase()])}`];
  if (random.chance(0.7))
    return finish(random, { headers: coded, body: packed, expectation: judge(body) });
  const lines = judge === judgeLines;
  // Brotli has no checksum: what is made of spoiled bytes may be anything.
  const cuts = lines || coding === 'br' || random.chance(0.3);
  const broken = cuts ? packed.subarray(0, random.below(packed.length)) : spoil(random, packed);
  const expectation = lines ? judgeCut(body) : judgeUnpacked({ broken, coding, judge });
  return finish(random, { headers: coded, body: broken, expectation });
}

function spoil(random, packed) {
  const spoiled = Buffer.from(packed);
  spoiled[random.below(packed.length)] ^= 1 << random.below(8);
  return spoiled;
}

function judgeUnpacked({ broken, coding, judge }) {
  try {
    return judge(UNPACKERS[coding](broken));
  } catch {
    // What is unpacked before the break may be too much already.
    const { refusal: or } = refusal(413, 'BODY_TOO_LARGE');
    return { refusal: { ...refusal(400, 'BODY_BROKEN').refusal, or } };
  }
}

/** Some of its first lines may have been taken before its end was missed. */
function judgeCut(body) {
  const { items } = judgeLines(body, { cut: true });
  return { items, several: true, stop: ['BODY_BROKEN', 'BODY_INCOMPLETE'] };
}

function structuredRequest({ random, texts, number }) {
  const batch = random.chance(0.4);
  const count = batch ? random.below(8) : 1;
  const made = Array.from({ length: count }, (_, i) => {
    const text = decodeText(texts.any());
    const event = text === null ? undefined : parseJson(text);
    return makeCloudEvent(random, { id: `ce${number}:${i}`, event: asSent(event ?? {}) });
  });
  const type = batch ? 'application/cloudevents-batch+json' : 'application/cloudevents+json';
  const objects = made.map(({ cloudEvent }) => cloudEvent);
  const body = Buffer.from(JSON.stringify(batch ? objects : objects[0]));
  const items = made.map(({ outcome }) => outcome);
  const expectation = { items, several: batch, mayBe: deepCode(body) };
  return pack(random, { type, body, judge: (bytes) => judgeSame(bytes, body, expectation) });
}

/** What becomes of a value when it is written: no -0, for one. */
const asSent = (json) => JSON.parse(JSON.stringify(json));

/** What it deserves when the bytes are those that were made; broken ones are refused as JSON, if they get so far. */
function judgeSame(bytes, body, expectation) {
  if (bytes.equals(body))
    return body.length > BOUNDS.JSON_BODY_BYTES_MAX ? refusal(413, 'BODY_TOO_LARGE') : expectation;
  return refusal(400, 'INVALID_JSON', 'INVALID_UTF8', 'CLOUDEVENT_INVALID');
}

function binaryRequest({ random, texts, number }) {
  const body = texts.any();
  const text = decodeText(body);
  const event = text === null ? undefined : parseJson(text);
  const { headers, outcome } = makeBinary(random, { id: `bin${number}`, event });
  const whole = text === null ? 'INVALID_UTF8' : event === undefined ? 'INVALID_JSON' : undefined;
  const codes = [whole, outcome.code === 'CLOUDEVENT_INVALID' ? outcome.code : undefined].filter(
    Boolean,
  );
  const tooLarge = body.length > BOUNDS.JSON_BODY_BYTES_MAX;
  const sound =
    codes.length > 0 ? refusal(400, ...codes) : { items: [outcome], mayBe: deepCode(body) };
  const expectation = tooLarge ? refusal(413, 'BODY_TOO_LARGE') : sound;
  return finish(random, {
    headers: [`Content-Type: ${random.pick(JSON_TYPES)}`, ...headers],
    body,
    expectation,
  });
}

const deepCode = (body) => judgeJson(body).mayBe;

const UNTYPED = refusal(415, 'MEDIA_TYPE_UNSUPPORTED');

/** Refused by its head, whatever its body is. */
function refusedRequest(random, texts) {
  const body = texts.any();
  return random.weighted([
    [
      4,
      () =>
        finish(random, {
          headers: [`Content-Type: ${random.pick(OTHER_TYPES)}`],
          body,
          expectation: UNTYPED,
        }),
    ],
    [1, () => finish(random, { body, expectation: UNTYPED })],
    [
      2,
      () => {
        const headers = [
          'Content-Type: application/json',
          `Content-Encoding: ${random.pick(['zip', 'gzip, gzip', 'x'])}`,
        ];
        return finish(random, { headers, body, expectation: refusal(415, 'ENCODING_UNSUPPORTED') });
      },
    ],
    [1, () => finish(random, { path: '/event', body, expectation: refusal(404, 'ROUTE_UNKNOWN') })],
  ])();
}

function finish(random, { headers = [], body, expectation, path = '/events' }) {
  const spelled =
    path === '/events' && random.chance(0.15)
      ? random.pick(['/events/', '/Events', '/events?a=b'])
      : path;
  const chunks = random.chance(0.15)
    ? Array.from({ length: 3 }, () => 1 + random.below(100))
    : undefined;
  const { refusal: refused, stop } = expectation;
  const codes = refused?.codes ?? stop ?? [];
  const alone = codes.length > 0 && !codes.every((code) => KEEPS_CONNECTION.has(code));
  return { wire: toWire({ path: spelled, headers, body, chunks }), expectation, alone };
}

/** The body was read to its end, so nothing stands in the way of the next request. */
const KEEPS_CONNECTION = new Set(['INVALID_JSON', 'INVALID_UTF8', 'CLOUDEVENT_INVALID']);
