import { Controller, Get } from '@nestjs/common';
import { StatusService, type Status } from './status.service.js';

@Controller('status')
export class StatusController {
  constructor(private readonly service: StatusService) {}

  @Get()
  status(): Promise<Status> {
    return this.service.status();
  }
}
