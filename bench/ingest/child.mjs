/**
 * A part of the bench of ingest in a process of its own: `node bench/ingest/child.mjs <JSON>`, where the JSON says the
 * subject and what it needs. Prints its figures as a line of JSON; a server, its URL, and then it serves until it is
 * asked to stop.
 */

/** Each is loaded when it is measured: no other one's code is in its memory. */
const subjects = {
  load: async (given) => (await import('./generate-load.mjs')).generateLoad(given),
  codec: async (given) => (await import('./measure-codec.mjs')).measureCodec(given),
  check: async (given) => (await import('./check-records.mjs')).checkRecords(given),
  'bare ingest': async (given) => (await import('./bare-ingest.mjs')).serveBareIngest(given),
  'bare sink': async (given) => (await import('./bare-sink.mjs')).serveBareSink(given),
};

const measurement = JSON.parse(process.argv[2]);
console.log(JSON.stringify(await subjects[measurement.subject](measurement)));
