import assert from 'node:assert/strict';
import type { LogRetention, RetentionAction } from '../../src/staging-log/log-retention.port.js';
import type { Offset } from '../../src/staging-log/staging-log.port.js';
import type { LogModel } from './staging-log-model.js';

/**
 * Lets the oldest segment go, if it may by what the log knows. @throws when it may not by what the model
 * knows, and what the log throws.
 */
export async function retireOldest(
  model: LogModel,
  retention: LogRetention,
  { action, loaded }: { readonly action: RetentionAction; readonly loaded: Offset | null },
): Promise<void> {
  const rules = { action, loadedForMs: 0 };
  await retention.findRetirable(rules); // takes down what is loaded
  const segment = await retention.findRetirable(rules);
  if (segment === null) return;
  assert(loaded !== null && segment.end <= loaded, 'a segment that is not loaded must stay');
  assert(!model.needsBefore(segment.end), 'a segment with an id within the window must stay');
  model.retired = Math.max(model.retired, model.offsets.indexOf(segment.end));
  await retention.putShare(segment.end, (path, replace) => replace(path, share(segment.end)));
  const isRetired = await retention.retire(segment, { action, share: segment.end });
  if (isRetired && action === 'delete') model.gone = model.offsets.indexOf(segment.end);
}

/** The log only looks at the name of a share. */
async function* share(offset: Offset): AsyncGenerator<Buffer> {
  yield await Promise.resolve(Buffer.from(`${offset}\n`));
}

/**
 * Takes down where the log begins now: behind what was deleted, or, at a start, before what could not be.
 * @throws for any other place.
 */
export function followStart(model: LogModel, start: Offset, atStart: boolean): void {
  const index = model.offsets.indexOf(start);
  assert(index >= (atStart ? model.gone : model.start), `the log begins at ${start}`);
  assert(index <= model.retired, `the log begins at ${start}, behind what was to go`);
  model.start = index;
}
