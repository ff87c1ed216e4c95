/**
 * The layout of a record's line as bytes, the very one that `formatRecord` gives:
 *
 *     {"timestamp":0000000000000,"id":"…",…}⏎
 *     0           13           26   33
 *
 * All of it is written eight bytes at a time, as floating-point numbers, for which a DataView needs no
 * object. Only a NaN would not come out as it went in: its last two bytes are 0xf0 or more and then 0x7f or
 * 0xff, and no UTF-8 has those beside each other.
 */
const HEAD = Buffer.from('{"timestamp":0000000000000,"id":"');

export const TIMESTAMP_START = HEAD.indexOf('0');
export const TIMESTAMP_END = HEAD.indexOf(',');
export const TIMESTAMP_DIGITS = TIMESTAMP_END - TIMESTAMP_START;
/** Where the first byte of an id is, in a line that has one. */
export const ID_START = HEAD.length;

export const WORD_BYTES = 8;
const wordAt = (at: number): number => HEAD.readDoubleLE(at);
export const HEAD_WORD_0 = wordAt(0);
export const HEAD_WORD_1 = wordAt(WORD_BYTES);
export const HEAD_WORD_2 = wordAt(2 * WORD_BYTES);
export const HEAD_WORD_3 = wordAt(3 * WORD_BYTES);

/** What stands around an id and a payload at most, whatever the time: the line end, and a comma for a brace. */
export const FRAME_BYTES = 40;
/** Behind the lines there are so many bytes of the buffer's own, for writing words. */
export const PADDING_BYTES = HEAD.length + WORD_BYTES;
/** From here on a native copy is faster than words, in spite of what its call costs. */
export const NATIVE_COPY_BYTES_MIN = 512;

export const QUOTE = 0x22;
export const COMMA = 0x2c;
export const NEWLINE = 0x0a;
