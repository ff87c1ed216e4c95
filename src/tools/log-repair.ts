import { join } from 'node:path';
import { appConfig } from '../shared/config/config.js';
import { openLogAsItIs, repairLog, type RepairStep } from '../staging-log/log-tools.port.js';
import { parseOptions } from './log-arguments.js';
import { verifyOpened } from './log-verify.js';
import { ProgressParts } from './progress.js';
import { watchReads } from './watched-segments.js';
import { asOwner } from './workspace.js';

/** 0: the log is sound now; 1: damage stays that only a backup can put right. */
export async function repair(args: readonly string[]): Promise<number> {
  parseOptions(args, {});
  return asOwner(appConfig, async () => {
    await repairShown();
    const opened = await openLogAsItIs(join(appConfig.dataDir, 'staging'), null);
    try {
      return await verifyOpened(opened);
    } finally {
      await opened.close();
    }
  });
}

/** With a bar for each of its steps. */
async function repairShown(): Promise<void> {
  const { dataDir, segmentBytesMax, dedupeIdsMax, dedupeWindowSeconds } = appConfig;
  const { appendQueueBytesMax, backlogBytesMax, diskFreeBytesMin } = appConfig;
  const progress = new ProgressParts();
  const reports: Record<RepairStep, (done: number, total: number) => void> = {
    opening: progress.part('repair, what a start reads'),
    checksums: progress.part('repair, checksums'),
    ids: progress.part('repair, ids'),
  };
  let [step, done, total]: [RepairStep, number, number] = ['opening', 0, 0];
  const read = (bytes: number): void => {
    done = Math.min(done + bytes, total);
    reports[step](done, total);
  };
  try {
    await repairLog({
      ...{ dataDir, segmentBytesMax, dedupeIdsMax, dedupeWindowSeconds },
      ...{ appendQueueBytesMax, backlogBytesMax, diskFreeBytesMin },
      files: watchReads(read),
      report: (level, message) => {
        progress.clear();
        process.stdout.write(`${level}: ${message}\n`);
      },
      onStep: (next, bytes) => {
        [step, done, total] = [next, 0, bytes];
        read(0);
      },
    });
  } finally {
    progress.end();
  }
}
