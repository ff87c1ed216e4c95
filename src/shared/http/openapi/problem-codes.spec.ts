import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { PROBLEM_CODES, type ProblemCode } from './problem-codes.js';

const ROOT = join(import.meta.dirname, '../../../..');

interface Found {
  readonly file: string;
  readonly status: number | null;
  readonly code: string;
}

/** Every `new Problem({ … })` whose code is written there, with its status where that is, too. */
function problemsOfSources(): Found[] {
  const files = sources('src');
  return files.flatMap((file) => {
    const text = readFileSync(join(ROOT, file), 'utf8');
    return [...text.matchAll(/new Problem\(\{(.*?)\}\)/gs)].flatMap(([, options = '']) => {
      const code = /\bcode: '([A-Z0-9_]+)'/.exec(options)?.[1];
      const status = /\bstatus: (\d{3})\b/.exec(options)?.[1];
      return code === undefined ? [] : [{ file, code, status: status ? Number(status) : null }];
    });
  });
}

/** The literals of a union type, by which codes are handed on. */
function unionOf(file: string, type: string): string[] {
  const text = readFileSync(join(ROOT, file), 'utf8');
  const [, union = ''] = new RegExp(`type ${type} =([^;]+);`).exec(text) ?? [];
  return [...union.matchAll(/'([A-Z0-9_]+)'/g)].map(([, code = '']) => code);
}

const isListed = (code: string): code is ProblemCode => Object.hasOwn(PROBLEM_CODES, code);

describe('the list of codes', () => {
  const found = problemsOfSources();

  it('has every code that the sources answer with, and its status', () => {
    expect(found.length).toBeGreaterThan(40);
    const missing = found.filter(
      ({ code, status }) =>
        !isListed(code) || (status !== null && !PROBLEM_CODES[code].statuses.includes(status)),
    );
    expect(missing).toEqual([]);
  });

  it.each([
    ['src/shared/event/event-error-codes.ts', 'EventErrorCode'],
    ['src/staging-log/staging-log.port.ts', 'RefusalCode'],
  ])('has those that %s hands on as %s', (file, type) => {
    const codes = unionOf(file, type);
    expect(codes.length).toBeGreaterThan(3);
    expect(codes.filter((code) => !isListed(code))).toEqual([]);
  });

  it('has no code that the sources do not know', () => {
    const text = sources('src')
      .concat(sources('migrations'))
      .filter((file) => !file.includes('/openapi/'))
      .map((file) => readFileSync(join(ROOT, file), 'utf8'))
      .join('\n');
    const unknown = Object.keys(PROBLEM_CODES).filter((code) => !text.includes(`'${code}'`));
    expect(unknown).toEqual([]);
  });
});

function sources(directory: string): string[] {
  const files = readdirSync(join(ROOT, directory), { recursive: true, encoding: 'utf8' });
  return files
    .filter((file) => file.endsWith('.ts') && !/\.(spec|docs)\.ts$/.test(file))
    .map((file) => join(directory, file));
}
