import { join } from 'node:path';
import { measureInChild } from '../support/measure-in-child.mjs';
import { withTemporaryDirectory } from '../support/temporary-directory.mjs';
import { servers } from './with-server.mjs';

const CHILD = join(import.meta.dirname, 'child.mjs');
const WARM_UP_SECONDS = 1.5;
const EVENTS_PER_BODY = 1_000;

const single = {
  contentType: 'application/json',
  senders: 64,
  bodiesPerSender: 16,
  eventsPerBody: 1,
  ids: false,
};
const batch = {
  contentType: 'application/x-ndjson',
  senders: 8,
  bodiesPerSender: 8,
  eventsPerBody: EVENTS_PER_BODY,
};

/** Any other spelling of the route than `/events` is answered by the controller, behind Nest and Express. */
const product = { server: 'product', path: '/events' };
const nest = { server: 'product', path: '/events/' };
const bareSink = { server: 'bare sink', path: '/events', answer: '{}' };

/** What is measured: a server, and what is sent to it. Each part compares its rows, in rounds by turns. */
export const parts = {
  single: {
    'single events, product': { ...single, ...product },
    'single events, bare ingest': { ...single, ...product, server: 'bare ingest' },
    'single events, product through Nest': { ...single, ...nest },
  },
  ndjson: {
    'NDJSON, product': { ...batch, ...product, ids: false },
    'NDJSON, bare sink': { ...batch, ...bareSink, ids: false },
  },
  ids: {
    'NDJSON with ids, product': { ...batch, ...product, ids: true },
    'NDJSON with ids, bare sink': { ...batch, ...bareSink, ids: true },
  },
};

/**
 * One row, once: a fresh server on an empty directory, the load, and then what the server stored beside what it answered.
 * @returns figures of the sender
 * @throws when an answer or what is stored is not as it should be
 */
export function measureRow({ server, ...load }, { parent, database, seconds }) {
  const { ids, eventsPerBody, answer = answerOf(eventsPerBody) } = load;
  return withTemporaryDirectory(parent, async (directory) => {
    const { figures, files } = await servers[server]({ directory, database }, (url) =>
      measureInChild(CHILD, parent, {
        ...load,
        ...{ subject: 'load', url, answer, seconds, warmUpSeconds: WARM_UP_SECONDS },
      }),
    );
    const { answered, ...measured } = figures;
    const check = { subject: 'check', files, answered, ids, eventsPerBody };
    await measureInChild(CHILD, parent, check);
    return measured;
  });
}

const answerOf = (events) => JSON.stringify({ accepted: events, duplicates: 0, rejected: [] });
