import {
  FRAME_BYTES,
  HEAD_WORD_0,
  HEAD_WORD_1,
  HEAD_WORD_2,
  HEAD_WORD_3,
  ID_START,
  NATIVE_COPY_BYTES_MIN,
  NEWLINE,
  PADDING_BYTES,
  QUOTE,
  TIMESTAMP_END,
  WORD_BYTES,
} from './line-layout.js';
import { assertRecord, RECORD_BYTES_MAX } from './record-format.js';

/** A record to append. */
export interface NewRecord {
  /** Idempotency key. Records without one are never taken for duplicates. */
  readonly id?: string;
  /**
   * The text of a JSON object on one line, without `timestamp` and `id`, which the log adds in
   * front. Opaque to the log, and compared as it is when an id comes again.
   */
  readonly payload: string;
}

/** Where, in some bytes, the id and the payload of a record are; the ends are exclusive. */
export interface RecordSpans {
  idStart: number;
  idEnd: number;
  payloadStart: number;
  payloadEnd: number;
}

/** What `marks` has of a record: its spans, in their order. */
export const MARKS_PER_RECORD = 4;
const [ID_MARK, ID_END_MARK] = [0, 1] as const;
export const PAYLOAD_MARK = 2;
export const PAYLOAD_END_MARK = 3;

/** A unit of UTF-16 becomes at most three bytes. */
const UTF8_BYTES_PER_UNIT_MAX = 3;
const FIRST_BYTES = 4 * 1024;
const FIRST_RECORDS = 32;
/** What `clear` keeps at most for the next append. */
const KEPT_BYTES_MAX = 1024 * 1024;

/**
 * Records for one append, in order, as the lines that they become, in one buffer that grows. Only the time is
 * missing, for which there is room: the log puts it in when it appends them.
 *
 * Until then there is still the brace with which each payload began, where the line has a comma: so id and payload
 * are there as they were given.
 */
export class RecordLines {
  private buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  private words = viewOf(this.buffer, FIRST_BYTES);
  private source: Buffer | null = null;
  private sourceView = this.words;
  private places = new Int32Array(FIRST_RECORDS * MARKS_PER_RECORD);
  private escaped = new Map<number, string>();
  private end = 0;
  private records = 0;
  private withIds = 0;

  get count(): number {
    return this.records;
  }

  /** What they take in the log. */
  get bytes(): number {
    return this.end;
  }

  /** @throws TypeError for a record that could not be read back as it was given; then it is not taken in. */
  add(record: NewRecord): void {
    assertRecord(record);
    const { id, payload } = record;
    const text = id === undefined ? '' : JSON.stringify(id).slice(1, -1);
    this.makeRoom((text.length + payload.length) * UTF8_BYTES_PER_UNIT_MAX);
    const idBytes = id === undefined ? null : this.buffer.write(text, this.end + ID_START);
    if (id !== undefined && text !== id) this.escaped.set(this.records, id);
    const payloadStart = this.beginLine(idBytes);
    this.endLine(payloadStart, payloadStart + this.buffer.write(payload, payloadStart));
  }

  /**
   * A record whose parts are there as bytes: an id without escapes, as it stands between its quotes (none where its
   * span is empty), and the text of an object, as `NewRecord.payload` says. The caller has proven all of
   * that, and that the bytes are UTF-8. Nothing of the arguments is kept.
   * @throws TypeError when the record is longer than any may be; then it is not taken in.
   */
  addBytes(source: Buffer, spans: Readonly<RecordSpans>): void {
    const { idStart, idEnd, payloadStart, payloadEnd } = spans;
    const idBytes = idEnd - idStart;
    const ownBytes = idBytes + payloadEnd - payloadStart;
    if (ownBytes + FRAME_BYTES > RECORD_BYTES_MAX) {
      throw new TypeError(`a record has at most ${RECORD_BYTES_MAX} bytes`);
    }
    this.makeRoom(ownBytes);
    if (source !== this.source) this.readFrom(source);
    const into = this.beginLine(idBytes === 0 ? null : idBytes);
    if (idBytes > 0) this.copy(idStart, idEnd, this.end + ID_START);
    this.copy(payloadStart, payloadEnd, into);
    this.endLine(into, into + payloadEnd - payloadStart);
  }

  /** Forgets all of them. Not before an append of them has resolved. */
  clear(): void {
    [this.end, this.records, this.withIds] = [0, 0, 0];
    this.source = null;
    this.sourceView = this.words;
    if (this.escaped.size > 0) this.escaped.clear();
    if (this.buffer.length > KEPT_BYTES_MAX) this.useBuffer(FIRST_BYTES);
    if (this.places.byteLength > KEPT_BYTES_MAX) {
      this.places = new Int32Array(FIRST_RECORDS * MARKS_PER_RECORD);
    }
  }

  /** For the log: how many have ids. */
  get idCount(): number {
    return this.withIds;
  }

  /** For the log: what `marks` tells the places in. */
  get contents(): Buffer {
    return this.buffer;
  }

  /** For the log: the same. */
  get view(): DataView {
    return this.words;
  }

  /**
   * For the log: four numbers a record, as in `RecordSpans`. The first of them is 0 for a record without
   * an id, and the id of one that is in `escapedIds` is there.
   */
  get marks(): Int32Array {
    return this.places;
  }

  /** For the log: those ids that do not stand in their lines as they are, by the number of their record. */
  get escapedIds(): ReadonlyMap<number, string> {
    return this.escaped;
  }

  /** For the log: takes out those with these numbers, which ascend. */
  cutOut(numbers: readonly number[]): void {
    const { places, buffer, records } = this;
    let [kept, into, start] = [0, 0, 0];
    for (let record = 0; record < records; record++) {
      const at = record * MARKS_PER_RECORD;
      const next = (places[at + PAYLOAD_END_MARK] ?? 0) + 1;
      if (numbers[record - kept] !== record) {
        if (into < start) buffer.copyWithin(into, start, next);
        this.moveMarks(at, kept++ * MARKS_PER_RECORD, start - into);
        into += next - start;
      }
      start = next;
    }
    [this.records, this.end] = [kept, into];
  }

  /** Writes what stands before a payload. @returns where the payload begins. */
  private beginLine(idBytes: number | null): number {
    const { words, end, places } = this;
    const mark = this.records * MARKS_PER_RECORD;
    words.setFloat64(end, HEAD_WORD_0, true);
    words.setFloat64(end + WORD_BYTES, HEAD_WORD_1, true);
    words.setFloat64(end + 2 * WORD_BYTES, HEAD_WORD_2, true);
    words.setFloat64(end + 3 * WORD_BYTES, HEAD_WORD_3, true);
    places[mark + ID_MARK] = 0;
    if (idBytes === null) return end + TIMESTAMP_END;
    words.setUint8(end + ID_START - 1, QUOTE);
    const idEnd = end + ID_START + idBytes;
    places[mark + ID_MARK] = end + ID_START;
    places[mark + ID_END_MARK] = idEnd;
    this.withIds += 1;
    return idEnd + 1;
  }

  private endLine(payloadStart: number, payloadEnd: number): void {
    const mark = this.records * MARKS_PER_RECORD;
    this.words.setUint8(payloadStart - 1, QUOTE); // behind the id, or in the room for the time
    this.words.setUint8(payloadEnd, NEWLINE);
    this.places[mark + PAYLOAD_MARK] = payloadStart;
    this.places[mark + PAYLOAD_END_MARK] = payloadEnd;
    this.records += 1;
    this.end = payloadEnd + 1;
  }

  /** Copies from the source; may overwrite up to seven bytes behind. */
  private copy(from: number, end: number, into: number): void {
    const { words, sourceView } = this;
    if (end - from >= NATIVE_COPY_BYTES_MIN || end + WORD_BYTES > sourceView.byteLength) {
      this.source?.copy(this.buffer, into, from, end);
      return;
    }
    for (let at = into; from < end; from += WORD_BYTES, at += WORD_BYTES) {
      words.setFloat64(at, sourceView.getFloat64(from, true), true);
    }
  }

  private readFrom(source: Buffer): void {
    this.source = source;
    this.sourceView = viewOf(source, source.length + WORD_BYTES);
  }

  private moveMarks(from: number, to: number, by: number): void {
    const { places } = this;
    if (places[from + ID_MARK] === 0) places[to + ID_MARK] = 0;
    else places[to + ID_MARK] = (places[from + ID_MARK] ?? 0) - by;
    for (let mark = ID_END_MARK; mark < MARKS_PER_RECORD; mark++) {
      places[to + mark] = (places[from + mark] ?? 0) - by;
    }
  }

  private makeRoom(ownBytes: number): void {
    const needed = this.end + ownBytes + FRAME_BYTES + PADDING_BYTES;
    if (needed > this.buffer.length) this.useBuffer(Math.max(needed, 2 * this.buffer.length));
    if ((this.records + 1) * MARKS_PER_RECORD <= this.places.length) return;
    const places = new Int32Array(2 * this.places.length);
    places.set(this.places);
    this.places = places;
  }

  private useBuffer(bytes: number): void {
    const { buffer } = this;
    this.buffer = Buffer.allocUnsafeSlow(bytes);
    buffer.copy(this.buffer, 0, 0, this.end);
    this.words = viewOf(this.buffer, bytes);
  }
}

/** With so many bytes, or as many as there are in memory. */
function viewOf({ buffer, byteOffset }: Buffer, bytes: number): DataView {
  return new DataView(buffer, byteOffset, Math.min(bytes, buffer.byteLength - byteOffset));
}
