import { Controller, Get, Head, Header, Req } from '@nestjs/common';
import type { Request } from 'express';
import { NeedsScope } from '../shared/http/access.js';
import { Problem } from '../shared/http/problem.js';
import { GenerateEvents, type RunProgress, type RunSummary } from './client.port.js';

/** The client's routes. Starting a run is a GET because its users know it so. */
@Controller('generateEvents')
export class ClientController {
  constructor(private readonly events: GenerateEvents) {}

  /** Express would serve a HEAD by the handler of GET: a monitor's probe would send the file. */
  @Head()
  @NeedsScope('admin')
  refuseHead(): never {
    const detail = 'HEAD does not start a run; use GET';
    const headers = { Allow: 'GET' };
    throw new Problem({ status: 405, code: 'METHOD_NOT_ALLOWED', detail, headers });
  }

  /** Answers when the run has ended, however long that takes. */
  @Get()
  @NeedsScope('admin')
  @Header('Cache-Control', 'no-store')
  async generateEvents(@Req() request: Request): Promise<RunSummary> {
    refuseUnasked(request);
    return await this.events.run();
  }

  @Get('progress')
  @NeedsScope('read')
  @Header('Cache-Control', 'no-store')
  progress(): RunProgress {
    return this.events.progress();
  }
}

/** A page of another site can make a browser GET this, as an image or ahead of a click. */
function refuseUnasked({ headers }: Request): void {
  const crossSite = headers['sec-fetch-site'] === 'cross-site';
  const prefetch = /prefetch|prerender/.test(String(headers['sec-purpose'] ?? ''));
  if (!crossSite && !prefetch) return;
  const detail = 'a run is not started for another site or ahead of a click';
  throw new Problem({ status: 403, code: 'CROSS_SITE_REQUEST', detail });
}
