import { describe } from '@jest/globals';
import { registerStagingLogTests } from '../../support/staging-log-contract.js';
import { systemError } from '../../support/staging-log-faults.js';
import { StagingLogWorkbench } from '../../support/staging-log-workbench.js';

describe.each([
  ['one large segment', 64 * 1024 * 1024],
  ['segments of a few records', 150],
  ['a segment for each commit', 1],
])('the staging log in local files, in %s', (_name, segmentBytesMax) => {
  registerStagingLogTests(async () => {
    const bench = await StagingLogWorkbench.create({ segmentBytesMax });
    return {
      open: (bounds) => bench.open(bounds),
      holdSyncs: () => bench.files.hold('fdatasync'),
      failNextSync: () => bench.files.failNext('fdatasync', systemError('EIO')),
      setClock: (now) => (bench.now = now),
      passTime: (milliseconds) => bench.passTime(milliseconds),
      setFreeBytes: (bytes) => (bench.files.free = bytes),
      remove: () => bench.remove(),
    };
  });
});
