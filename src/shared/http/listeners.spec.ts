import { once } from 'node:events';
import { connect } from 'node:net';
import { setImmediate as afterReads } from 'node:timers/promises';
import { expect, it } from '@jest/globals';
import { eventually } from '../../../test/support/eventually.js';
import { standStill } from '../../../test/support/stand-still.js';
import { AppConfig } from '../config/app-config.js';
import { BodyWatch } from './body-watch.js';
import { DirectRoutes } from './direct-routes.js';
import { Listeners } from './listeners.js';
import { RequestLog } from './request-log.js';

const ASK = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';

it('answers what came on an idle connection while the process stood still, before it closes', async () => {
  const config = Object.assign(new AppConfig(), {
    ...{ host: '127.0.0.1', serverPort: 0, clientPort: 0 },
    ...{ headersSecondsMax: 10, connectionsMax: 10 },
  });
  const watch = new BodyWatch(config);
  const listeners = new Listeners(config, new DirectRoutes(), new RequestLog(config), watch);
  await listeners.open((_request, response) => response.end('done'));
  const { hostname, port } = new URL(listeners.serverUrl());
  const sender = connect(Number(port), hostname).setEncoding('utf8');
  let received = '';
  sender.on('data', (part: string) => (received += part)).on('error', () => undefined);
  const over = once(sender, 'close');
  sender.write(ASK);
  await eventually(() => received.includes('done'));
  await afterReads(); // timers come next

  const closed = listeners.close(10_000);
  sender.write(ASK); // with the kernel when this returns, and unread
  standStill(500); // the moment that senders have is over by now
  await Promise.all([closed, over]);
  watch.onModuleDestroy();
  const [, first, second] = received.split('HTTP/1.1 200 OK');
  expect(first).toContain('Connection: keep-alive');
  expect(second).toContain('Connection: close');
});
