/** Runs the compiled client over the configuration in the first argument, until it is killed. */
import { GenerateEventsService } from '../../../dist/src/client/generate-events.service.js';
import { Drain } from '../../../dist/src/shared/drain.js';
import { InternalKey } from '../../../dist/src/shared/http/internal-key.js';
import { Listeners } from '../../../dist/src/shared/http/listeners.js';

const config = JSON.parse(process.argv[2]);
const service = new GenerateEventsService(
  config,
  new Listeners(config),
  new InternalKey(),
  new Drain(),
);
await service.run();
