import { Injectable } from '@nestjs/common';
import { Cron } from '@nestjs/schedule';
import { appConfig } from '../shared/config/config.js';
import { LoadService } from './load.service.js';

/** The tick. A class of its own: under two injection tokens, a job would be scheduled twice. */
@Injectable()
export class LoadCron {
  constructor(private readonly loads: LoadService) {}

  @Cron(appConfig.loadCron, { name: 'load', waitForCompletion: true })
  tick(): Promise<void> {
    return this.loads.tick();
  }
}
