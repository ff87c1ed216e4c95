import { execFile, spawnSync } from 'node:child_process';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RunningApplication } from '../support/running-application.js';
import { storedRecords } from '../support/stored-records.js';
import { startIngest } from './ingest-support.js';

const run = promisify(execFile);
const COUNT = 50;

let application: RunningApplication;
let end: () => Promise<void>;
beforeAll(async () => void ({ application, end } = await startIngest()));
afterAll(() => end());

/** As a sender with a loop and nothing else would do it; prints each answer on a line of its own. */
const PYTHON = `
import json, sys, urllib.request
for value in range(${COUNT}):
    event = {"value": value, "name": "subtract_revenue", "userId": "caf\\u00e9/python"}
    body = json.dumps(event).encode()
    request = urllib.request.Request(sys.argv[1] + "/events", body, {"Content-Type": "application/json"})
    with urllib.request.urlopen(request) as answer:
        print(answer.status, json.dumps(json.load(answer)))
`;
const CURL = `
i=0
while [ $i -lt ${COUNT} ]; do
  curl -sS -w ' %{http_code}\\n' "$0/events" -H 'Content-Type: application/json' \\
    -d '{ "name": "subtract_revenue", "value": '$i', "userId": "caf\\u00e9\\/curl" }'
  i=$((i + 1))
done
`;

/** The values of a user in the log, in their order. */
async function valuesOf(user: string): Promise<unknown[]> {
  const records = await storedRecords(application);
  return records.filter(({ userId }) => userId === user).map(({ value }) => value);
}

const ALL = Array.from({ length: COUNT }, (_, i) => i);

describe('a sender that knows nothing of this server', () => {
  it('but fetch sends one event at a time', async () => {
    for (const value of ALL) {
      const answer = await fetch(`${application.serverUrl}/events`, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
        body: JSON.stringify({ value, userId: 'fetch', name: 'add_revenue' }, null, 2),
      });
      expect(answer.status).toBe(202);
      expect(await answer.json()).toEqual({ accepted: 1, duplicates: 0, rejected: [] });
    }
    expect(await valuesOf('fetch')).toEqual(ALL);
  });

  it('but a scripting language or curl sends one event at a time', async () => {
    const hasPython = spawnSync('python3', ['--version']).status === 0;
    const [command, script, flag] = hasPython ? ['python3', PYTHON, '-c'] : ['sh', CURL, '-c'];
    const { stdout } = await run(command, [flag, script, application.serverUrl]);
    const answers = stdout.trim().split('\n');
    expect(answers).toHaveLength(COUNT);
    for (const answer of answers) {
      expect(answer).toContain('202');
      expect(answer).toMatch(/"accepted": ?1\b/);
    }
    expect(await valuesOf(hasPython ? 'café/python' : 'café/curl')).toEqual(ALL);
  });

  it.each([
    [
      'the order, the spaces and the escapes of PHP',
      '{"name":"add_revenue","userId":"caf\\u00e9\\/php","value":10}',
    ],
    [
      'pretty printing and CR LF',
      '{\r\n    "name": "add_revenue",\r\n    "value": 10.0,\r\n    "userId": "café/php"\r\n}\r\n',
    ],
    [
      'a number with an exponent',
      '{"value":1.0E+1, "userId":"caf\\u00E9/php","name":"add\\u005frevenue"}',
    ],
    ['a byte order mark', '\ufeff{"userId":"café/php","value":10,"name":"add_revenue"}'],
  ])('writes with %s', async (_, body) => {
    const before = (await valuesOf('café/php')).length;
    const answer = await fetch(`${application.serverUrl}/events`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json; charset=UTF-8', Accept: '*/*' },
      body,
    });
    expect(answer.status).toBe(202);
    expect((await valuesOf('café/php')).slice(before)).toEqual([10]);
  });
});
