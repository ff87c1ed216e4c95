import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { START_OF_LOG, type StagingLog } from '../../../src/staging-log/staging-log.port.js';
import { appendAll, readLines, readNumbers, record } from '../../support/staging-log-reading.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

const MIB = 1024 * 1024;
let bench: StagingLogWorkbench;

beforeEach(async () => {
  bench = await StagingLogWorkbench.create();
});

afterEach(() => bench.remove());

/** All bytes of the log as it is read in chunks of this size; of oversized lines, the heads. */
async function readBytes(log: StagingLog, bytesMax: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  for (let offset = START_OF_LOG; ;) {
    const chunk = await log.read(offset, bytesMax);
    if (chunk.kind === 'end') return Buffer.concat(parts);
    parts.push(chunk.kind === 'records' ? chunk.bytes : chunk.head);
    offset = chunk.next;
  }
}

const FOREIGN: [string, Buffer][] = [
  ['a byte order mark', Buffer.from('\ufeff{"timestamp":1,"n":1}\n')],
  ['CRLF', Buffer.from('{"timestamp":1,"n":1}\r\n{"timestamp":2,"n":2}\r\n')],
  ['a lone CR', Buffer.from('{"timestamp":1,"n":1}\r{"timestamp":2,"n":2}\n')],
  ['blank lines', Buffer.from('\n\n{"timestamp":1,"n":1}\n\n \n\n')],
  ['invalid UTF-8', Buffer.from([0x7b, 0xff, 0xfe, 0xc3, 0x28, 0xed, 0xa0, 0x80, 0x7d, 0x0a])],
  ['NUL', Buffer.from('\0\0\0\n{"timestamp":1,"n\0":1}\n')],
  ['no JSON', Buffer.from('hello\n{"timestamp":}\n{"timestamp":1,"id":"\\x","n":1}\n[]\n')],
  ['an id of no record', Buffer.from('{"timestamp":1,"id":"a"}\n{"timestamp":1,"id":"b",\n')],
  ['a line of 10,000 bytes', Buffer.from(`${'x'.repeat(9_999)}\n`)],
  ['an id of 100,000 characters', Buffer.from(`{"timestamp":1,"id":"${'é'.repeat(1e5)}","n":1}\n`)],
];

const FINGERPRINT = /^[0-9a-f]{32}$/;

describe('bytes that this system did not write', () => {
  it.each(FOREIGN)('are read as they are, and not stumbled over: %s', async (_name, bytes) => {
    const log = await bench.openOver(bytes);
    expect((await readBytes(log, 64)).equals(bytes)).toBe(true);
    expect(log.endOffset()).toBe(bytes.length);
    for (const { offset } of await readLines(log)) await log.timestampAt(offset);
    expect(await log.fingerprintBefore(log.endOffset())).toMatch(FINGERPRINT);
    await appendAll(log, record(7, 'seven'));
    const lines = await readLines(log);
    expect(JSON.parse(lines.at(-1)?.text ?? '')).toMatchObject({ id: 'seven', n: 7 });
    expect(lines.at(-1)?.offset).toBe(bytes.length);
  });

  it('are read alike in chunks of any size', async () => {
    const bytes = Buffer.concat(FOREIGN.slice(0, 8).map(([, some]) => some));
    const log = await bench.openOver(bytes);
    const lines = await readLines(log);
    for (let bytesMax = 0; bytesMax <= bytes.length + 1; bytesMax++) {
      expect((await readBytes(log, bytesMax)).equals(bytes)).toBe(true);
      expect(await readLines(log, lines.at(-1)?.offset, bytesMax)).toEqual(lines.slice(-1));
    }
  });
});

describe('a line that is too long to be a record', () => {
  const before = '{"timestamp":1,"n":1}\n';
  const after = '{"timestamp":3,"id":"é","n":3}\n{"timestamp":4,"n":4}\n';

  it.each([5 * MIB, 5 * MIB - 1, 2 * MIB, MIB + 1])('of %i bytes is told of', async (length) => {
    const long = Buffer.alloc(length, 'abcdefghij');
    long[length - 1] = 0x0a;
    const log = await bench.openOver(
      Buffer.concat([Buffer.from(before), long, Buffer.from(after)]),
    );
    for (const bytesMax of [1, 100, 64 * 1024, MIB, 2 * MIB, 16 * MIB]) {
      const lines = await readLines(log, undefined, bytesMax);
      expect(lines.map(({ oversized }) => oversized)).toEqual([false, true, false, false]);
      expect(lines[1]).toMatchObject({ offset: 22, next: 22 + length });
      expect(lines[1]?.text).toBe(long.toString('latin1', 0, 64 * 1024));
      expect(lines[3]?.text).toBe('{"timestamp":4,"n":4}');
    }
    const print = await log.fingerprintBefore(((await readLines(log))[1]?.next ?? 0) as never);
    expect(print).toMatch(FINGERPRINT);
  });

  it('is none with 1 MiB, its line end included', async () => {
    const long = Buffer.alloc(MIB, 'x');
    long[MIB - 1] = 0x0a;
    const log = await bench.openOver(Buffer.concat([Buffer.from(before), long]));
    for (const bytesMax of [1, 100, MIB, 16 * MIB]) {
      const lines = await readLines(log, undefined, bytesMax);
      expect(lines.map(({ text, oversized }) => [text.length, oversized])).toEqual([
        [21, false],
        [MIB - 1, false],
      ]);
    }
  });

  it('is not taken from a caller, for nobody could read it back as a record', async () => {
    const log = await bench.open();
    const payload = `{"n":"${'x'.repeat(MIB)}"}`;
    await expect(log.append([record(1), { id: 'a', payload }])).rejects.toThrow(TypeError);
    const largest = { id: 'a', payload: `{"n":"${'x'.repeat(MIB - 100)}"}` };
    expect(await appendAll(log, largest)).toEqual(['appended']);
    await log.close();
    expect(await appendAll(await bench.open(), largest)).toEqual(['duplicate']);
  });
});

describe('offsets', () => {
  it('go on past 2^31', async () => {
    const hole = 2 ** 31 - 10;
    await bench.lay('\n{"timestamp":5,"id":"far","n":1}\n', hole);
    const log = await bench.open();
    const first = (hole + 1) as never;
    expect(await log.timestampAt(first)).toBe(5);
    await appendAll(log, record(2, 'é'), record(3));
    const lines = await readLines(log, first);
    expect(lines.map(({ text }) => (JSON.parse(text) as { n: number }).n)).toEqual([1, 2, 3]);
    expect(lines[1]?.offset).toBe(hole + 1 + 33);
    expect(lines[1]?.offset).toBeGreaterThan(2 ** 31);
    expect(await readLines(log, lines[1]?.offset)).toEqual(lines.slice(1));
    const prints = await Promise.all(lines.map(({ next }) => log.fingerprintBefore(next)));
    expect(new Set(prints).size).toBe(3);
    const within = (log.endOffset() - 1) as never;
    await expect(log.fingerprintBefore(within)).rejects.toThrow('no record ends');
  });

  it('count bytes, not characters', async () => {
    const log = await bench.open();
    const ids = ['é', '€uro', '😀😀', '\u2028', 'a'];
    for (const [n, id] of ids.entries()) await appendAll(log, record(n, id));
    const bytes = await bench.bytes();
    expect(log.endOffset()).toBe(bytes.length);
    for (const { offset, next, text } of await readLines(log)) {
      expect(bytes.toString('utf8', offset, next)).toBe(`${text}\n`);
    }
    expect(await readNumbers(log)).toEqual([0, 1, 2, 3, 4]);
  });
});
