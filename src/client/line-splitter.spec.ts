import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LineSplitter, type Line } from './line-splitter.js';

const LINE_BYTES_MAX = 12;

/** Lines as text; a line that is too long as null. */
function split(chunks: readonly Buffer[]): (string | null)[] {
  const splitter = new LineSplitter(LINE_BYTES_MAX);
  const lines: (string | null)[] = [];
  const bytes = Buffer.concat(chunks).toString('latin1');
  let end = 0;
  const take = (line: Line): void => {
    lines.push(line.kind === 'line' ? line.bytes.toString('latin1') : null);
    expect(line.number).toBe(lines.length);
    end = bytes.indexOf('\n', end) + 1 || bytes.length;
    expect(line.end).toBe(end);
  };
  for (const chunk of chunks) {
    for (const line of splitter.push(chunk)) take(line);
    chunk.fill(0x21); // what the reader does to its buffer
  }
  for (const line of splitter.end()) take(line);
  return lines;
}

function expectedLines(content: Buffer): (string | null)[] {
  const lines = content.toString('latin1').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines.map((line) => (line.length > LINE_BYTES_MAX ? null : line));
}

function chunksOf(content: Buffer, cuts: readonly number[]): Buffer[] {
  const places = [...new Set(cuts.map((cut) => cut % (content.length + 1)))].sort((a, b) => a - b);
  const edges = [0, ...places, content.length];
  return edges.slice(1).map((end, index) => Buffer.from(content.subarray(edges[index], end)));
}

describe('LineSplitter', () => {
  it('gives the same lines however the bytes are cut into chunks', () => {
    const byte = fc.constantFrom(0x0a, 0x0d, 0x20, 0x61, 0xc3, 0xa4, 0xf0, 0x9f, 0x00);
    const content = fc.array(byte, { maxLength: 80 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(content, fc.array(fc.nat(), { maxLength: 20 }), (bytes, cuts) => {
        expect(split(chunksOf(bytes, cuts))).toEqual(expectedLines(bytes));
      }),
      { numRuns: 2_000 },
    );
  });

  it('keeps a character whole whose bytes lie in two chunks', () => {
    const bytes = Buffer.from('ä€😀\n');
    for (let cut = 0; cut <= bytes.length; cut += 1) {
      const [line] = split(chunksOf(bytes, [cut]));
      expect(Buffer.from(line ?? '', 'latin1').toString('utf8')).toBe('ä€😀');
    }
  });

  it('keeps nothing of a line that is too long, and goes on after it', () => {
    const splitter = new LineSplitter(LINE_BYTES_MAX);
    const megabyte = Buffer.alloc(1024 * 1024, 0x61);
    const before = process.memoryUsage().arrayBuffers;
    for (let chunk = 0; chunk < 500; chunk += 1) {
      expect([...splitter.push(megabyte)]).toEqual([]);
    }
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(50 * 1024 * 1024);
    const after = [...splitter.push(Buffer.from('\nok\n'))];
    expect(after).toEqual([
      { kind: 'too-long', number: 1, end: 500 * megabyte.length + 1 },
      { kind: 'line', number: 2, bytes: Buffer.from('ok'), end: 500 * megabyte.length + 4 },
    ]);
  });

  it('takes a line of exactly the bound', () => {
    expect(split([Buffer.from(`${'a'.repeat(LINE_BYTES_MAX)}\n`)])).toEqual(['a'.repeat(12)]);
  });
});
