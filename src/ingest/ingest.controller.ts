import { Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppConfig } from '../shared/config/app-config.js';
import { decodeJson, withoutByteOrderMark } from '../shared/event/decode-json.js';
import { callerOf } from '../shared/http/access.js';
import { NeedsScope } from '../shared/http/needs-scope.js';
import { InternalKey } from '../shared/http/internal-key.js';
import { Problem } from '../shared/http/problem.js';
import { readBody } from '../shared/http/read-body.js';
import { requireJson } from '../shared/http/require-json.js';
import { NOTHING_STORED, type IngestResult } from './accept-events.js';
import { IngestService } from './ingest.service.js';

/** `POST /events`: one event, or an array of events. */
@Controller('events')
export class IngestController {
  constructor(
    private readonly ingest: IngestService,
    private readonly config: AppConfig,
    private readonly internal: InternalKey,
  ) {}

  @Post()
  @NeedsScope('ingest')
  async receive(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IngestResult> {
    requireJson(request.headers['content-type']);
    const bounds = { bytesMax: this.config.jsonBodyBytesMax, members: NOTHING_STORED };
    const json = parse(await readBody(request, response, bounds));
    const items = Array.isArray(json) ? (json as unknown[]) : [json];
    this.checkCount(items.length);
    const sender = callerOf(request) === this.internal.corrections.key ? 'corrections' : 'any';
    const result = await this.ingest.accept(items, sender);
    response.status(statusOf(items, result));
    return result;
  }

  private checkCount(count: number): void {
    const { arrayItemsMax } = this.config;
    if (count <= arrayItemsMax) return;
    const detail = `${count} items are more than ARRAY_ITEMS_MAX (${arrayItemsMax}): send them in parts`;
    throw new Problem({ status: 413, code: 'ARRAY_TOO_LONG', detail });
  }
}

function parse(body: Buffer): unknown {
  const decoded = decodeJson(withoutByteOrderMark(body));
  if (decoded.kind === 'json') return decoded.json;
  const { code, message: detail } = decoded;
  throw new Problem({ status: 400, code, detail, members: NOTHING_STORED });
}

/** 202 when all were taken, 207 when some were. @throws Problem 400 when none was. */
function statusOf(items: readonly unknown[], result: IngestResult): number {
  const [first] = result.rejected;
  if (first === undefined) return 202;
  if (result.accepted + result.duplicates > 0) return 207;
  const detail = items.length === 1 ? first.message : `all ${items.length} items were rejected`;
  const code = items.length === 1 ? first.code : 'ALL_REJECTED';
  const members = { ...result, rejectedTotal: result.rejected.length };
  throw new Problem({ status: 400, code, detail, members });
}
