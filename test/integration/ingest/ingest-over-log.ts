import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Logger } from '@nestjs/common';
import { EventTally } from '../../../src/ingest/event-tally.js';
import { EventsHandler } from '../../../src/ingest/events.handler.js';
import { EventsRoute } from '../../../src/ingest/events.route.js';
import { AppConfig } from '../../../src/shared/config/app-config.js';
import { Drain } from '../../../src/shared/drain.js';
import { Access } from '../../../src/shared/http/access.js';
import { BodyBytes } from '../../../src/shared/http/body-bytes.js';
import { BodyWatch } from '../../../src/shared/http/body-watch.js';
import { DirectRoutes } from '../../../src/shared/http/direct-routes.js';
import { InternalKey } from '../../../src/shared/http/internal-key.js';
import { RateLimit } from '../../../src/shared/http/rate-limit.js';
import { RequestLog } from '../../../src/shared/http/request-log.js';
import type { StagingLog } from '../../../src/staging-log/staging-log.port.js';

const BOUNDS = {
  ...{ jsonBodyBytesMax: 1_000_000, arrayItemsMax: 10_000, lineBytesMax: 1_024 },
  ...{ rejectedItemsMax: 10, bodyRatioMax: 200, bodyIdleSecondsMax: 30 },
  ...{
    bodyBytesPerSecondMin: 16,
    bodiesBytesMax: 10_000_000,
    keyEventsPerSecondMax: 0,
    apiKeys: [],
  },
};

/** The handler of `POST /events` behind a listener of this process, over a real log. */
export async function ingestOver(
  log: StagingLog,
): Promise<{ url: string; close: () => Promise<void> }> {
  Logger.overrideLogger(false); // each refusal is a line
  const config = Object.assign(new AppConfig(), BOUNDS);
  const internal = new InternalKey();
  const watch = new BodyWatch(config);
  const tally = new EventTally();
  const handler = new EventsHandler(
    ...([config, log, watch, new BodyBytes(config), internal] as const),
    new RateLimit(config, internal),
    new Drain(),
    tally,
  );
  const route = new EventsRoute(
    ...([handler, new Access(config, internal), new DirectRoutes()] as const),
    new RequestLog(config),
    tally,
  );
  const server = createServer((request, response) => void route.answerAdmitted(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const close = async (): Promise<void> => {
    watch.onModuleDestroy();
    server.closeAllConnections();
    await new Promise((resolve) => server.close(resolve));
  };
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, close };
}
