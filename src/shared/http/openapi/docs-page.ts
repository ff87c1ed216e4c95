import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A file of the page, and the media type that it is sent with. */
export interface PageFile {
  readonly type: string;
  read(): Promise<string | Buffer>;
}

/**
 * Nothing is written into the page itself, and nothing comes from elsewhere, as the policy of all pages asks.
 * @param base where the files are, as seen from the page: the path may end in a slash or not
 */
export const pageText = (base: './' | './docs/'): string => `<!DOCTYPE html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <title>revenue-etl: API</title>
  <link rel="stylesheet" href="${base}swagger-ui.css">
  <link rel="icon" type="image/png" href="${base}favicon-32x32.png">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="${base}swagger-ui-bundle.js"></script>
  <script src="${base}start.js"></script>
</body>
</html>
`;

/**
 * A key that is entered lives as long as the page does: it is kept in no storage and in no URL. `validatorUrl`
 * would send the document's address to a server elsewhere.
 */
const START = `'use strict';
const base = document.currentScript.src;
SwaggerUIBundle({
  url: new URL('../docs-json', base).href,
  dom_id: '#swagger-ui',
  deepLinking: true,
  persistAuthorization: false,
  queryConfigEnabled: false,
  validatorUrl: null,
});
`;

const require = createRequire(import.meta.url);
// Swagger UI is a dependency of @nestjs/swagger, so it is looked for from there.
const uiFile = (name: string): string => {
  const fromSwagger = createRequire(require.resolve('@nestjs/swagger'));
  return join(dirname(fromSwagger.resolve('swagger-ui-dist/package.json')), name);
};

const ofUi = (name: string, type: string): PageFile => ({
  type,
  read: () => readFile(uiFile(name)),
});

const SCRIPT = 'text/javascript; charset=utf-8';

/** By name: all that the page loads, and nothing else of Swagger UI. */
export const PAGE_FILES = {
  'start.js': { type: SCRIPT, read: () => Promise.resolve(START) },
  'swagger-ui-bundle.js': ofUi('swagger-ui-bundle.js', SCRIPT),
  'swagger-ui.css': ofUi('swagger-ui.css', 'text/css; charset=utf-8'),
  'favicon-32x32.png': ofUi('favicon-32x32.png', 'image/png'),
} as const satisfies Readonly<Record<string, PageFile>>;
