import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import ts from 'typescript';
import { Environment } from '../../../src/shared/config/environment.js';
import { PROBLEM_CODES } from '../../../src/shared/http/openapi/problem-codes.js';

const ROOT = join(import.meta.dirname, '../../..');

/** Literals that look like codes and are none: names of files, and codes of Node.js that are compared with. */
const NO_CODES = new Set([
  ...['PG_VERSION', 'ERR_HTTP_REQUEST_TIMEOUT', 'ERR_INVALID_URL', 'HPE_HEADER_OVERFLOW'],
]);

interface Row {
  readonly code: string;
  readonly head: readonly string[];
  readonly cells: readonly string[];
}

/** The rows of all tables of the page, each with the head of its table. */
function rowsOf(page: string): Row[] {
  let head: string[] = [];
  return page.split('\n').flatMap((line): Row[] => {
    const cells = line.split(/(?<!\\)\|/).map((cell) => cell.trim());
    if (cells[1] === 'code') head = cells;
    const [, code] = /^`([A-Z0-9_]+)`$/.exec(cells[1] ?? '') ?? [];
    return code === undefined ? [] : [{ code, head, cells }];
  });
}

function sources(): ts.SourceFile[] {
  return ['src', 'migrations'].flatMap((folder) =>
    readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.ts') && !file.endsWith('.spec.ts'))
      .map((file) => {
        const text = readFileSync(join(ROOT, folder, file), 'utf8');
        return ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
      }),
  );
}

/** Every literal that is written like a code, and every value of a property `code`, of one word, too. */
function codesOf(file: ts.SourceFile): string[] {
  const found: string[] = [];
  const visit = (node: ts.Node): void => {
    if (ts.isStringLiteralLike(node)) {
      const several = /^[A-Z][A-Z0-9]*(_[A-Z0-9]+)+$/.test(node.text);
      if (several || (isValueOfCode(node) && /^[A-Z]{3,}$/.test(node.text))) found.push(node.text);
    }
    ts.forEachChild(node, visit);
  };
  visit(file);
  return found;
}

function isValueOfCode({ parent }: ts.Node): boolean {
  const named = ts.isPropertyAssignment(parent) || ts.isPropertyDeclaration(parent);
  return named && parent.name.getText() === 'code';
}

const rows = rowsOf(readFileSync(join(ROOT, 'docs/errors.md'), 'utf8'));
const literals = new Set(sources().flatMap(codesOf));
const variables = Object.keys(new Environment());
const known = [...literals, ...Object.keys(PROBLEM_CODES)].filter(
  (literal) => !NO_CODES.has(literal) && !variables.includes(literal),
);

describe('docs/errors.md', () => {
  it('names every code of the sources once, and no other', () => {
    expect(known.length).toBeGreaterThan(120);
    expect(rows.map(({ code }) => code).toSorted()).toEqual([...new Set(known)].toSorted());
  });

  it('leaves out nothing that is not there any more', () => {
    expect([...NO_CODES].filter((code) => !literals.has(code))).toEqual([]);
  });

  it('tells the statuses that the API describes', () => {
    const told = rows.flatMap(({ code, head, cells }) => {
      const status = cells[head.indexOf('status')];
      return status === undefined ? [] : [[code, status.split(', ').map(Number)] as const];
    });
    expect(told.length).toBeGreaterThan(50);
    const described = new Map(
      Object.entries(PROBLEM_CODES).map(([code, { statuses }]) => [code, [...statuses]]),
    );
    expect(told).toEqual(told.map(([code]) => [code, described.get(code)]));
  });

  it('says of each what it means and what to do', () => {
    const incomplete = rows.filter(({ head, cells }) =>
      ['means', 'do'].some((column) => (cells[head.indexOf(column)] ?? '').length < 4),
    );
    expect(incomplete).toEqual([]);
  });

  it('says of each refusal whether to send it again', () => {
    const ways = rows.flatMap(({ head, cells }) => {
      const column = head.indexOf('again');
      return column < 0 ? [] : [cells[column]];
    });
    expect(ways.length).toBeGreaterThan(80);
    expect(new Set(ways)).toEqual(new Set(['yes', 'no', 'changed', 'look']));
  });
});
