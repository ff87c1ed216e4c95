import { Controller, Get, Query } from '@nestjs/common';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { rangeOf } from './history-range.js';
import { REVENUE_OVER_TIME_DOCS } from './revenue-history.docs.js';
import { RevenueHistoryQuery } from './revenue-history.query.js';
import { RevenueHistoryService, type RevenueOverTime } from './revenue-history.service.js';

@Controller('revenue')
export class RevenueHistoryController {
  constructor(private readonly history: RevenueHistoryService) {}

  @Get()
  @Describe(REVENUE_OVER_TIME_DOCS)
  async read(@Query() query: RevenueHistoryQuery): Promise<RevenueOverTime> {
    return this.history.read(rangeOf(query, Date.now()));
  }
}
