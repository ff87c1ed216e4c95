import { eventMaker } from '../load/event-maker.mjs';

const EVENTS = 100_000;
const USERS = 10_000;
const NEWLINE = 10;
const LINE_BYTES_MAX = 65_536;

const readers = { product: readAsProduct, 'JSON.parse': readAsJson };

/**
 * Lines that are read over and over, in this process and with nothing else: no HTTP, no log.
 * @param given `reader`; `ids` or not; `warmUpSeconds` and `seconds`
 * @returns `eventsPerSecond`
 */
export async function measureCodec({ reader, ids, warmUpSeconds, seconds }) {
  const read = await readers[reader](Buffer.from(makeLines(ids)));
  readFor(warmUpSeconds * 1000, read);
  return { eventsPerSecond: readFor(seconds * 1000, read) };
}

function readFor(milliseconds, read) {
  const startedAt = performance.now();
  let events = 0;
  let now = startedAt;
  for (; now < startedAt + milliseconds; now = performance.now()) {
    const found = read();
    if (found !== EVENTS) throw new Error(`${found} of ${EVENTS} events were found`);
    events += found;
  }
  return (events * 1000) / (now - startedAt);
}

function makeLines(ids) {
  const nextEvent = eventMaker(USERS);
  const lines = Array.from({ length: EVENTS }, (_, number) => {
    const id = `bench-0-${String(number).padStart(7, '0')}-0`;
    return JSON.stringify(ids ? { id, ...nextEvent() } : nextEvent());
  });
  return `${lines.join('\n')}\n`;
}

/** From the bytes of a body to records that could be appended, as the product does it, in slices as long as its own. */
async function readAsProduct(bytes) {
  const ingest = '../../dist/src/ingest/';
  const { EventBatch } = await import(`${ingest}event-batch.js`);
  const { NdjsonLines } = await import(`${ingest}ndjson-lines.js`);
  const { ScanWindow, SLICE_BYTES_MAX } = await import(`${ingest}scan-window.js`);
  const window = new ScanWindow(SLICE_BYTES_MAX + LINE_BYTES_MAX);
  const batch = new EventBatch(0);
  return () => {
    const lines = new NdjsonLines({ window, sender: 'any', lineBytesMax: LINE_BYTES_MAX });
    let events = 0;
    for (let at = 0; at < bytes.length; at += SLICE_BYTES_MAX) {
      lines.take(bytes.subarray(at, at + SLICE_BYTES_MAX), batch);
      events += batch.lines.count;
      batch.clear();
    }
    return events;
  };
}

/** No more than objects. */
function readAsJson(bytes) {
  return () => {
    let events = 0;
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end !== -1; end = bytes.indexOf(NEWLINE, start)) {
      if (JSON.parse(bytes.utf8Slice(start, end)).userId !== '') events++;
      start = end + 1;
    }
    return events;
  };
}
