import { Controller, Get } from '@nestjs/common';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { STATUS_DOCS } from './monitoring.docs.js';
import { StatusService, type Status } from './status.service.js';

@Controller('status')
export class StatusController {
  constructor(private readonly service: StatusService) {}

  @Get()
  @Describe(STATUS_DOCS)
  status(): Promise<Status> {
    return this.service.status();
  }
}
