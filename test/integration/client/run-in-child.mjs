/** Runs the compiled client over the configuration in the first argument, until it is killed. */
import { GenerateEventsService } from '../../../dist/src/client/generate-events.service.js';
import { Drain } from '../../../dist/src/shared/drain.js';
import { BodyWatch } from '../../../dist/src/shared/http/body-watch.js';
import { DirectRoutes } from '../../../dist/src/shared/http/direct-routes.js';
import { InternalKey } from '../../../dist/src/shared/http/internal-key.js';
import { Listeners } from '../../../dist/src/shared/http/listeners.js';
import { RequestLog } from '../../../dist/src/shared/http/request-log.js';

const config = JSON.parse(process.argv[2]);
const listeners = new Listeners(
  config,
  new DirectRoutes(),
  new RequestLog(config),
  new BodyWatch(config),
);
const service = new GenerateEventsService(config, listeners, new InternalKey(), new Drain());
await service.run();
