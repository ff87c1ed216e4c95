import { brotliCompressSync, constants, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningApplication } from '../support/running-application.js';
import { postEvents, type Answer } from '../support/send-request.js';
import { storedRecords } from '../support/stored-records.js';
import { NDJSON, peakMemory, sendParts, startIngest } from './ingest-support.js';

const PEAK_MAX = 250_000_000;
const MEBIBYTE = 1024 * 1024;
/** What a bomb unpacks to. */
const BOMB_BYTES = 1024 * MEBIBYTE;
const EVENT = '{"id":"same","userId":"abc123","name":"add_revenue","value":432}\n';
const JSON_TYPE = { 'Content-Type': 'application/json' };

let application: RunningApplication;
let end: () => Promise<void>;
beforeAll(async () => void ({ application, end } = await startIngest()));
afterAll(() => end());

/** About a megabyte of the same text. */
const megabyteOf = (text: string): Buffer =>
  Buffer.alloc(MEBIBYTE - (MEBIBYTE % text.length), text);

/** A gigabyte of it in a megabyte of gzip: members may follow each other. */
function gzipBomb(text: string): Buffer[] {
  return Array<Buffer>(BOMB_BYTES / MEBIBYTE).fill(gzipSync(megabyteOf(text)));
}

const brotliBomb = (text: string): Buffer =>
  brotliCompressSync(Buffer.alloc(256 * MEBIBYTE, text), {
    params: { [constants.BROTLI_PARAM_QUALITY]: 3 },
  });

const send = (
  type: Record<string, string>,
  coding: string,
  parts: readonly Buffer[],
): Promise<Answer> =>
  sendParts(application.serverUrl, { ...type, 'Content-Encoding': coding }, parts);

describe('a body that unpacks to far more than it is', () => {
  it.each([
    ['gzip', () => gzipBomb(' ')],
    ['br', () => [brotliBomb(' ')]],
  ])('is cut off as JSON at the bound of JSON bodies: %s', async (coding, bomb) => {
    const { status, json } = await send(JSON_TYPE, coding, bomb());
    expect({ status, code: json.code }).toEqual({ status: 413, code: 'BODY_TOO_LARGE' });
  });

  it.each([
    ['gzip', 'spaces', () => gzipBomb(' ')],
    ['gzip', 'blank lines', () => gzipBomb('\n')],
    ['br', 'spaces', () => [brotliBomb(' ')]],
    ['br', 'blank lines', () => [brotliBomb('\n')]],
  ])('is cut off as NDJSON by its ratio: %s of %s', async (coding, _, bomb) => {
    const { status, json } = await send(NDJSON, coding, bomb());
    const { code, accepted } = json;
    expect({ status, code, accepted }).toEqual({
      status: 413,
      code: 'BODY_RATIO_TOO_HIGH',
      accepted: 0,
    });
  });

  it.each([
    ['gzip', () => gzipBomb(EVENT)],
    ['br', () => [brotliBomb(EVENT)]],
  ])('says as NDJSON how far events of it were taken: %s', async (coding, bomb) => {
    const before = await storedRecords(application);
    const { status, json } = await send(NDJSON, coding, bomb());
    expect(status).toBe(207);
    expect(json.stopped).toMatchObject({ code: 'BODY_RATIO_TOO_HIGH' });
    expect(json.read).toBe(Number(json.accepted) + Number(json.duplicates));
    expect(json.read * EVENT.length).toBeLessThan(64 * MEBIBYTE);
    expect((await storedRecords(application)).length - before.length).toBe(json.accepted);
  });

  it('costs little memory', async () => {
    expect(await peakMemory(application)).toBeLessThan(PEAK_MAX);
  });

  it('is borne twenty times at once, and beside it others are served', async () => {
    const bomb = gzipBomb(' ');
    const bombs = Array.from({ length: 20 }, (_, i) =>
      send(i % 2 ? NDJSON : JSON_TYPE, 'gzip', bomb),
    );
    const event = await postEvents(application.serverUrl, {
      userId: 'u',
      name: 'add_revenue',
      value: 1,
    });
    expect(event.status).toBe(202);
    const statuses = (await Promise.all(bombs)).map(({ status }) => status);
    expect(statuses).toEqual(Array(20).fill(413));
    // JSON bodies are held until they are too long, all together up to BODIES_BYTES_MAX.
    expect(await peakMemory(application)).toBeLessThan(PEAK_MAX + 128 * MEBIBYTE);
  });
});
