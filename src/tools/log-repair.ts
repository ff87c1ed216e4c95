import { join } from 'node:path';
import { appConfig } from '../shared/config/config.js';
import { openLogAsItIs, repairLog } from '../staging-log/log-tools.port.js';
import { parseOptions } from './log-arguments.js';
import { verifyOpened } from './log-verify.js';
import { asOwner } from './workspace.js';

/** 0: the log is sound now; 1: damage stays that only a backup can put right. */
export async function repair(args: readonly string[]): Promise<number> {
  parseOptions(args, {});
  return asOwner(appConfig, async () => {
    const { dataDir, segmentBytesMax, dedupeIdsMax, dedupeWindowSeconds } = appConfig;
    const { appendQueueBytesMax, backlogBytesMax, diskFreeBytesMin } = appConfig;
    await repairLog({
      ...{ dataDir, segmentBytesMax, dedupeIdsMax, dedupeWindowSeconds },
      ...{ appendQueueBytesMax, backlogBytesMax, diskFreeBytesMin },
      report: (level, message) => {
        process.stdout.write(`${level}: ${message}\n`);
      },
    });
    const opened = await openLogAsItIs(join(dataDir, 'staging'), null);
    try {
      return await verifyOpened(opened);
    } finally {
      await opened.close();
    }
  });
}
