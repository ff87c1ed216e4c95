import type { INestApplication } from '@nestjs/common';
import type { Express, RequestHandler, Response } from 'express';
import { toProblem } from '../to-problem.js';
import { writeProblem } from '../write-problem.js';
import { buildDocument } from './build-document.js';
import { PAGE_FILES, pageText, type PageFile } from './docs-page.js';

/**
 * `GET /docs`, its files, and the document behind it, `GET /docs-json`. To be called before Nest adds its routes, and after what is for every answer.
 * Anybody may read them, keys or not: they say what the source does, and nothing of what is stored. The document is
 * made when it is first asked for.
 */
export function serveDocs(app: INestApplication): void {
  const express = app.getHttpAdapter().getInstance() as Express;
  express.get('/docs', ({ path }, response) => {
    send(response, 'text/html; charset=utf-8', pageText(path.endsWith('/') ? './' : './docs/'));
  });
  express.get(
    '/docs/:file',
    answered(async ({ params }, response, next) => {
      const name = params['file'] as string;
      if (!Object.hasOwn(PAGE_FILES, name)) {
        next(); // Nest's answer for a path that is none
        return;
      }
      const file: PageFile = PAGE_FILES[name as keyof typeof PAGE_FILES];
      send(response, file.type, await file.read());
    }),
  );
  let document: Promise<string> | null = null;
  express.get(
    '/docs-json',
    answered(async (_, response) => {
      document ??= buildDocument(app).then((built) => JSON.stringify(built));
      send(response, 'application/json; charset=utf-8', await document);
    }),
  );
}

/** A handler whose failure is answered with a problem, like that of any other route. */
function answered(
  handle: (...parameters: Parameters<RequestHandler>) => Promise<void>,
): RequestHandler {
  return (request, response, next) => {
    handle(request, response, next).catch((error: unknown) => {
      writeProblem(response, toProblem(error));
    });
  };
}

function send(response: Response, type: string, body: string | Buffer): void {
  response.set({ 'Content-Type': type, 'Cache-Control': 'no-cache' }).send(body);
}
