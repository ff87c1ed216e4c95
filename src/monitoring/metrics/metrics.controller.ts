import { Controller, Get, Header } from '@nestjs/common';
import { Registry } from 'prom-client';
import { Describe } from '../../shared/http/openapi/describe-route.js';
import { METRICS_DOCS } from './metrics.docs.js';
import { MetricsService } from './metrics.service.js';

@Controller('metrics')
export class MetricsController {
  constructor(private readonly metrics: MetricsService) {}

  @Get()
  @Describe(METRICS_DOCS)
  @Header('Content-Type', Registry.PROMETHEUS_CONTENT_TYPE)
  @Header('Cache-Control', 'no-store')
  scrape(): Promise<string> {
    return this.metrics.scrape();
  }
}
