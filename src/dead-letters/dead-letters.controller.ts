import { Controller, Get, HttpCode, Param, Post, Query, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppConfig } from '../shared/config/app-config.js';
import { Database } from '../shared/database/database.js';
import { BodyWatch } from '../shared/http/body-watch.js';
import { NeedsScope } from '../shared/http/needs-scope.js';
import { readBody } from '../shared/http/read-body.js';
import { requireJson } from '../shared/http/require-json.js';
import { Describe } from '../shared/http/openapi/describe-route.js';
import { DETAILS_DOCS, LIST_DOCS, RESUBMIT_DOCS } from './dead-letters.docs.js';
import { askDatabase } from './ask-database.js';
import { DeadLetterPath, DeadLettersQuery } from './dead-letters.query.js';
import { decodeCorrection } from './decode-correction.js';
import {
  readDeadLetter,
  readDeadLetters,
  type DeadLetterDetails,
  type DeadLetterView,
} from './read-dead-letters.js';
import { deadLetterUnknown } from './resubmit-problem.js';
import { ResubmitService, type Resubmitted } from './resubmit.service.js';

interface DeadLettersPage {
  readonly deadLetters: readonly DeadLetterView[];
  /** What to pass as `after` for the next page; null on the last one. */
  readonly next: string | null;
}

@Controller('deadLetters')
export class DeadLettersController {
  constructor(
    private readonly database: Database,
    private readonly resubmissions: ResubmitService,
    private readonly config: AppConfig,
    private readonly watch: BodyWatch,
  ) {}

  @Get()
  @Describe(LIST_DOCS)
  @NeedsScope('read')
  async list(@Query() { limit, after, state }: DeadLettersQuery): Promise<DeadLettersPage> {
    const found = await askDatabase(this.database, (manager) =>
      readDeadLetters(manager, { limit: limit + 1, after, state }),
    );
    const page = found.slice(0, limit);
    return { deadLetters: page, next: found.length > limit ? (page.at(-1)?.id ?? null) : null };
  }

  @Get(':id')
  @Describe(DETAILS_DOCS)
  @NeedsScope('read')
  async details(@Param() { id }: DeadLetterPath): Promise<DeadLetterDetails> {
    const found = await askDatabase(this.database, (manager) => readDeadLetter(manager, id));
    if (found === null) throw deadLetterUnknown(id);
    return found;
  }

  @Post(':id/resubmit')
  @Describe(RESUBMIT_DOCS)
  @NeedsScope('admin')
  @HttpCode(202)
  async resubmit(
    @Param() { id }: DeadLetterPath,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<Resubmitted> {
    requireJson(request.headers['content-type']);
    const bounds = { bytesMax: this.config.jsonBodyBytesMax, watch: this.watch };
    const body = await readBody(request, response, bounds);
    return this.resubmissions.resubmit(id, decodeCorrection(body));
  }
}
