const EVENTS_PER_BODY = 1_000;
const answer = (events) => JSON.stringify({ accepted: events, duplicates: 0, rejected: [] });

const single = {
  path: '/events',
  contentType: 'application/json',
  senders: 64,
  bodiesPerSender: 16,
  eventsPerBody: 1,
  ids: false,
  answer: answer(1),
};
/** So many senders keep the bare sink busy: twice as many get no more out of it, half as many do not suffice. */
const batch = {
  path: '/events',
  contentType: 'application/x-ndjson',
  senders: 8,
  bodiesPerSender: 8,
  eventsPerBody: EVENTS_PER_BODY,
  ids: false,
  answer: answer(EVENTS_PER_BODY),
};
const sink = { server: 'bare sink', answer: '{}' };

/**
 * What is compared, in rounds by turns: `rows` of a server and what is sent to it, or of a reader of lines. `ratios` are those
 * of the product to another row of the part, in the median of the rounds; `min` or `max` makes a goal of one.
 */
export const parts = {
  single: {
    title: 'single events',
    rows: {
      product: { ...single, server: 'product' },
      'bare ingest': { ...single, server: 'bare ingest' },
      // Any other spelling of the route is answered by the controller, behind Nest and Express.
      'product through Nest': { ...single, server: 'product', path: '/events/' },
    },
    ratios: [
      { of: 'eventsPerSecond', to: 'bare ingest', min: 0.9 },
      { of: 'p99', to: 'bare ingest', max: 2 },
      { of: 'eventsPerSecond', to: 'product through Nest' },
    ],
  },
  ndjson: {
    title: 'NDJSON',
    rows: { product: { ...batch, server: 'product' }, 'bare sink': { ...batch, ...sink } },
    ratios: [{ of: 'eventsPerSecond', to: 'bare sink', min: 0.8 }],
  },
  ids: {
    title: 'NDJSON with ids',
    rows: {
      product: { ...batch, server: 'product', ids: true },
      'bare sink': { ...batch, ...sink, ids: true },
    },
    ratios: [{ of: 'eventsPerSecond', to: 'bare sink', min: 0.6 }],
  },
  codec: {
    title: 'lines to records',
    rows: {
      product: { reader: 'product', ids: false },
      'JSON.parse': { reader: 'JSON.parse', ids: false },
    },
    ratios: [{ of: 'eventsPerSecond', to: 'JSON.parse', min: 1 }],
  },
  'codec-ids': {
    title: 'lines with ids to records',
    rows: {
      product: { reader: 'product', ids: true },
      'JSON.parse': { reader: 'JSON.parse', ids: true },
    },
    ratios: [{ of: 'eventsPerSecond', to: 'JSON.parse', min: 0.6 }],
  },
};
