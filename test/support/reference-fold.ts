import { isUtf8 } from 'node:buffer';
import type { FoldedBytes } from '../../src/processor/fold/fold-records.js';
import { decodeEvent } from '../../src/shared/event/event-codec.js';
import type { RevenueEvent } from '../../src/shared/event/event.js';
import { decodeJson } from '../../src/shared/event/decode-json.js';
import { parseCorrectionId } from '../../src/shared/event/reserved-id.js';

type Writable<T> = { -readonly [K in keyof T]: T[K] extends readonly (infer E)[] ? E[] : T[K] };

type Judged =
  | { readonly event: RevenueEvent; readonly timestamp: number }
  | { readonly code: string; readonly message: string };

/** What a fold must come to, by the plainest means: JSON.parse, the codec, and BigInt from decimal texts. */
export class ReferenceFold {
  events = 0;
  /** In millionths. */
  private readonly sums = new Map<string, bigint>();
  /** By hours since 1970. */
  private readonly hours = new Map<string, bigint>();
  /** By user and hours since 1970, with a space between. */
  private readonly userHours = new Map<string, bigint>();

  get users(): number {
    return this.sums.size;
  }

  get hoursOfUsers(): number {
    return this.userHours.size;
  }

  /** @param bytes whole lines */
  add(bytes: Buffer): FoldedBytes {
    const found: Writable<FoldedBytes> = {
      ...{ unusable: [], corrections: [] },
      ...{ end: bytes.length, lastTimestamp: null },
    };
    for (let start = 0; start < bytes.length;) {
      const end = bytes.indexOf(0x0a, start) + 1;
      const judged = judge(bytes.subarray(start, end - 1));
      if ('code' in judged) found.unusable.push({ start, end, ...judged });
      else {
        const { event, timestamp } = judged;
        const deadLetter = event.id === undefined ? null : parseCorrectionId(event.id);
        if (deadLetter === null) this.count(event, timestamp);
        else found.corrections.push({ start, deadLetter, event, timestamp });
        found.lastTimestamp = timestamp;
      }
      start = end;
    }
    return found;
  }

  /** By user, as the table would show them. */
  deltas(): Map<string, string> {
    return new Map(Array.from(this.sums, ([userId, sum]) => [userId, decimalOf(sum)]));
  }

  /** By hours since 1970. */
  hourDeltas(): Map<string, string> {
    return new Map(Array.from(this.hours, ([hour, sum]) => [hour, decimalOf(sum)]));
  }

  /** By user and hours since 1970, with a space between. */
  userHourDeltas(): Map<string, string> {
    return new Map(Array.from(this.userHours, ([key, sum]) => [key, decimalOf(sum)]));
  }

  private count({ userId, name, value }: RevenueEvent, timestamp: number): void {
    const micros = microsOf(String(value));
    const delta = name === 'add_revenue' ? micros : -micros;
    this.sums.set(userId, (this.sums.get(userId) ?? 0n) + delta);
    const hour = String(BigInt(timestamp) / 3_600_000n);
    this.hours.set(hour, (this.hours.get(hour) ?? 0n) + delta);
    const key = `${userId} ${hour}`;
    this.userHours.set(key, (this.userHours.get(key) ?? 0n) + delta);
    this.events += 1;
  }
}

// A global of the realm that Jest runs a spec in takes longer to look up than a line to be parsed.
const { parse } = JSON;

/** As `decodeJson`, which is asked only where there is something to complain of. */
function parseLine(line: Buffer): ReturnType<typeof decodeJson> {
  if (!isUtf8(line) || line.length >= 16 * 1024) return decodeJson(line);
  try {
    return { kind: 'json', json: parse(line.toString()) as unknown };
  } catch {
    return decodeJson(line);
  }
}

function judge(line: Buffer): Judged {
  const decoded = parseLine(line);
  if (decoded.kind === 'refused') return { code: decoded.code, message: decoded.message };
  const { json } = decoded;
  if (json === null || typeof json !== 'object' || Array.isArray(json)) {
    return { code: 'RECORD_NOT_AN_OBJECT', message: 'a record is a JSON object' };
  }
  const { timestamp, ...event } = json as Record<string, unknown>;
  if (typeof timestamp !== 'number' || !Number.isSafeInteger(timestamp) || timestamp < 0) {
    const message = 'the timestamp of a record is a whole number of milliseconds';
    return { code: 'RECORD_TIMESTAMP_INVALID', message };
  }
  const result = decodeEvent(event);
  return result.kind === 'event'
    ? { event: result.event, timestamp }
    : { code: result.code, message: result.message };
}

/** Of a decimal without exponent. */
function microsOf(decimal: string): bigint {
  const [whole = '', fraction = ''] = decimal.replace('-', '').split('.');
  const micros = BigInt(whole + fraction.padEnd(6, '0'));
  return decimal.startsWith('-') ? -micros : micros;
}

/** Without zeros that say nothing. */
export function decimalOf(micros: bigint): string {
  const [sign, size] = micros < 0n ? ['-', -micros] : ['', micros];
  const fraction = String(size % 1_000_000n).padStart(6, '0');
  return `${sign}${size / 1_000_000n}.${fraction}`.replace(/\.?0+$/, '');
}
