import { Logger, Module } from '@nestjs/common';
import { AppConfig } from '../shared/config/app-config.js';
import { LocalStagingLog } from './local-staging-log.js';
import { LogRetention } from './log-retention.port.js';
import { StagingLog, StagingLogReader } from './staging-log.port.js';

/** The log of this process. Opening it needs the ownership of the data directory. */
@Module({
  providers: [
    {
      provide: StagingLog,
      inject: [AppConfig],
      useFactory: (config: AppConfig) => {
        const logger = new Logger('StagingLog');
        const levels = { info: 'log', warn: 'warn', error: 'error' } as const;
        return LocalStagingLog.open({
          dataDir: config.dataDir,
          segmentBytesMax: config.segmentBytesMax,
          dedupeIdsMax: config.dedupeIdsMax,
          dedupeWindowSeconds: config.dedupeWindowSeconds,
          appendQueueBytesMax: config.appendQueueBytesMax,
          backlogBytesMax: config.backlogBytesMax,
          diskFreeBytesMin: config.diskFreeBytesMin,
          report: (level, message) => {
            logger[levels[level]](message);
          },
        });
      },
    },
    { provide: StagingLogReader, useExisting: StagingLog },
    {
      provide: LogRetention,
      inject: [StagingLog],
      useFactory: (log: LocalStagingLog) => log.retention,
    },
  ],
  exports: [StagingLog, StagingLogReader, LogRetention],
})
export class StagingLogModule {}
