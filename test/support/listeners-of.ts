import type { AppConfig } from '../../src/shared/config/app-config.js';
import { BodyWatch } from '../../src/shared/http/body-watch.js';
import { DirectRoutes } from '../../src/shared/http/direct-routes.js';
import { Listeners } from '../../src/shared/http/listeners.js';
import { RequestLog } from '../../src/shared/http/request-log.js';

/** Listeners without any route, not open yet. */
export const listenersOf = (config: AppConfig): Listeners =>
  new Listeners(config, new DirectRoutes(), new RequestLog(config), new BodyWatch(config));
