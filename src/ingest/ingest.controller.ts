import { Controller, Post, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { AppConfig } from '../shared/config/app-config.js';
import { decodeJson, withoutByteOrderMark } from '../shared/event/decode-json.js';
import { NeedsScope } from '../shared/http/access.js';
import { Problem } from '../shared/http/problem.js';
import { NOTHING_STORED, type IngestResult } from './accept-events.js';
import { IngestService } from './ingest.service.js';
import { requireJson } from './media-type.js';
import { readBody } from './read-body.js';

/** `POST /events`: one event, or an array of events. */
@Controller('events')
export class IngestController {
  constructor(
    private readonly ingest: IngestService,
    private readonly config: AppConfig,
  ) {}

  @Post()
  @NeedsScope('ingest')
  async receive(
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ): Promise<IngestResult> {
    requireJson(request.headers['content-type']);
    const json = parse(await readBody(request, response, this.config.jsonBodyBytesMax));
    const items = Array.isArray(json) ? (json as unknown[]) : [json];
    this.checkCount(items.length);
    const result = await this.ingest.accept(items);
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
