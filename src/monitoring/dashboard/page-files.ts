import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

/** A file of the page as it is sent. */
export interface PageFile {
  readonly type: string;
  readonly bytes: Buffer;
  /** By its content, so that a browser keeps it until it changes. */
  readonly etag: string;
}

const HERE = import.meta.dirname;
const BESIDE = join(HERE, 'page');
/** `nest build` copies the page beside the compiled code; where bare tsc compiled, the sources have it. */
const PAGE = existsSync(BESIDE) ? BESIDE : join(HERE, '../../../../src/monitoring/dashboard/page');

const TYPES = {
  html: 'text/html; charset=utf-8',
  css: 'text/css; charset=utf-8',
  js: 'text/javascript; charset=utf-8',
  svg: 'image/svg+xml',
} as const;

/** All that the page loads, beside `index.html`, which is the page. Nothing else of the directory is sent. */
export const PAGE_FILES = [
  ...(['dashboard.css', 'theme.js', 'icon.svg'] as const),
  ...(['dashboard.js', 'api.js', 'dom.js', 'format.js', 'event-stream.js'] as const),
  ...(['live.js', 'health.js', 'rates.js', 'plot.js', 'chart.js', 'tiles.js'] as const),
  ...(['revenue.js', 'revenue-view.js', 'revenue-chart.js', 'balance.js'] as const),
  ...([
    'generate.js',
    'users.js',
    'dead-letters.js',
    'loads.js',
    'refresh.js',
    'key-dialog.js',
  ] as const),
  ...(['uplot.js', 'uplot.css'] as const),
] as const;

export type PageFileName = (typeof PAGE_FILES)[number] | 'index.html';

/** Of the package, by the names that the page has for them. */
const OF_UPLOT: Readonly<Partial<Record<PageFileName, string>>> = {
  'uplot.js': 'uPlot.iife.min.js',
  'uplot.css': 'uPlot.min.css',
};

const kept = new Map<PageFileName, Promise<PageFile>>();

export const isPageFile = (name: string): name is PageFileName =>
  (PAGE_FILES as readonly string[]).includes(name);

/** Read once; a failure is not kept. @throws when the file is not there: the build is not complete. */
export function pageFile(name: PageFileName): Promise<PageFile> {
  const known = kept.get(name);
  if (known !== undefined) return known;
  const reading = read(name);
  kept.set(name, reading);
  reading.catch(() => kept.delete(name));
  return reading;
}

async function read(name: PageFileName): Promise<PageFile> {
  const bytes = await readFile(pathOf(name));
  const etag = `"${createHash('sha256').update(bytes).digest('base64url').slice(0, 22)}"`;
  const extension = name.slice(name.lastIndexOf('.') + 1) as keyof typeof TYPES;
  return { type: TYPES[extension], bytes, etag };
}

function pathOf(name: PageFileName): string {
  const ofUplot = OF_UPLOT[name];
  if (ofUplot === undefined) return join(PAGE, name);
  const { resolve } = createRequire(import.meta.url);
  return join(dirname(resolve('uplot/package.json')), 'dist', ofUplot);
}
