import { Global, Module, ValidationPipe } from '@nestjs/common';
import { APP_FILTER, APP_GUARD, APP_PIPE, HttpAdapterHost } from '@nestjs/core';
import type { Express } from 'express';
import { Drain } from '../drain.js';
import { AccessGuard } from './access.guard.js';
import { Access } from './access.js';
import { BodyBytes } from './body-bytes.js';
import { BodyWatch } from './body-watch.js';
import { DirectRoutes } from './direct-routes.js';
import { InternalKey } from './internal-key.js';
import { Listeners } from './listeners.js';
import { parseQuery } from './parse-query.js';
import { ProblemFilter } from './problem.filter.js';
import { RateLimit } from './rate-limit.js';
import { RequestLog } from './request-log.js';

/** What every route shares: access, problems, validated queries, the listeners. */
@Global()
@Module({
  providers: [
    Drain,
    InternalKey,
    Access,
    BodyBytes,
    BodyWatch,
    DirectRoutes,
    Listeners,
    RateLimit,
    RequestLog,
    { provide: APP_GUARD, useClass: AccessGuard },
    { provide: APP_FILTER, useClass: ProblemFilter },
    {
      provide: APP_PIPE,
      useFactory: () =>
        new ValidationPipe({
          transform: true,
          whitelist: true,
          forbidNonWhitelisted: true,
        }),
    },
  ],
  exports: [
    Drain,
    InternalKey,
    Access,
    BodyBytes,
    BodyWatch,
    DirectRoutes,
    Listeners,
    RateLimit,
    RequestLog,
  ],
})
export class HttpModule {
  constructor({ httpAdapter }: HttpAdapterHost) {
    httpAdapter.getInstance<Express>().set('query parser', parseQuery);
  }
}
