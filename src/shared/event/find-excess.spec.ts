import { describe, expect, it } from '@jest/globals';
import { findExcess, MEMBERS_MAX } from './find-excess.js';

const find = (text: string, itemsMax = 3): unknown => findExcess(Buffer.from(text), itemsMax);
const list = (item: string, count: number): string => new Array<string>(count).fill(item).join();

describe('too many members of a JSON text', () => {
  it.each([
    ['[]', null],
    ['[1,2,3]', null],
    ['[1,2,3,4]', 'items'],
    ['["a,b,c,d,e",{"x":",,,,,"},3]', null],
    ['["\\",",1]', null],
    [`[${list('{"a":1,"b":2}', 3)}]`, null],
    [`{${list('"a":1', MEMBERS_MAX)}}`, null],
    [`{${list('"a":1', MEMBERS_MAX + 1)}}`, 'members'],
    [`[1,{${list('"a":1', MEMBERS_MAX + 1)}}]`, 'members'],
    [`[[${list('1', MEMBERS_MAX + 1)}]]`, 'members'],
    [`[${list(`[${list('1', MEMBERS_MAX)}]`, 3)}]`, null],
    [']]]],,,,', null],
    ['['.repeat(100), null],
    ['"', null],
  ])('%#', (text, expected) => expect(find(text)).toBe(expected));
});
