import { Module, type DynamicModule } from '@nestjs/common';
import { ScheduleModule } from '@nestjs/schedule';
import { ClientModule } from './client/client.module.js';
import { DeadLettersModule } from './dead-letters/dead-letters.module.js';
import { IngestModule } from './ingest/ingest.module.js';
import { MonitoringModule } from './monitoring/monitoring.module.js';
import { ProcessorModule } from './processor/processor.module.js';
import { RetentionModule } from './retention/retention.module.js';
import { RevenueModule } from './revenue/revenue.module.js';
import { AppConfigModule } from './shared/config/config.module.js';
import { DatabaseModule } from './shared/database/database.module.js';
import { HttpModule } from './shared/http/http.module.js';
import { StagingLogModule } from './staging-log/staging-log.module.js';

/** The only place where the contexts are put together. */
@Module({})
export class AppModule {
  /** @param databaseUrl of the PostgreSQL to use, which is up or will be. */
  static forRoot(databaseUrl: string): DynamicModule {
    return {
      module: AppModule,
      imports: [
        AppConfigModule,
        HttpModule,
        DatabaseModule.forRoot(databaseUrl),
        ScheduleModule.forRoot(),
        ClientModule,
        IngestModule,
        StagingLogModule,
        ProcessorModule,
        RevenueModule,
        DeadLettersModule,
        RetentionModule,
        MonitoringModule,
      ],
    };
  }
}
