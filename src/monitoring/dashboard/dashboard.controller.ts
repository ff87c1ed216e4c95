import { Controller, Get, Param, Req, Res } from '@nestjs/common';
import type { Request, Response } from 'express';
import { Public } from '../../shared/http/needs-scope.js';
import { Describe } from '../../shared/http/openapi/describe-route.js';
import { Problem } from '../../shared/http/problem.js';
import { FILE_DOCS, PAGE_DOCS } from './dashboard.docs.js';
import { isPageFile, pageFile, type PageFileName } from './page-files.js';

/** Only what this process serves, and nothing that is written into the page itself. */
const POLICY = [
  ...["default-src 'none'", "script-src 'self'", "style-src 'self'", "img-src 'self'"],
  ...["connect-src 'self'", "base-uri 'none'", "form-action 'none'", "frame-ancestors 'none'"],
].join('; ');

/**
 * The page for people: `GET /`, and its files. Anybody may read them, keys or not: they hold no data, and ask the other
 * routes for it with the key of whoever looks at them.
 */
@Controller()
@Public()
export class DashboardController {
  @Get()
  @Describe(PAGE_DOCS)
  page(@Res() response: Response): Promise<void> {
    return send(response, 'index.html');
  }

  @Get('dashboard/:file')
  @Describe(FILE_DOCS)
  async file(
    @Param('file') name: string,
    @Req() request: Request,
    @Res() response: Response,
  ): Promise<void> {
    if (isPageFile(name)) return send(response, name);
    const detail = `Cannot GET ${request.path}`;
    throw new Problem({ status: 404, code: 'ROUTE_UNKNOWN', detail });
  }
}

/** 304 where the browser has it already. */
async function send(response: Response, name: PageFileName): Promise<void> {
  const { type, bytes, etag } = await pageFile(name);
  response.set({
    'Content-Type': type,
    'Content-Security-Policy': POLICY,
    'Cache-Control': 'no-cache',
    ETag: etag,
  });
  response.send(bytes);
}
