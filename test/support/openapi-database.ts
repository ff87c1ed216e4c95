import { eventually } from './eventually.js';
import type { DocumentedAnswers } from './documented-answers.js';
import { PoisonedApplication } from './poisoned-application.js';
import { queryDatabase } from './query-database.js';
import type { RunningApplication } from './running-application.js';
import { postEvents } from './send-request.js';

const EVENT = { userId: 'abc123', name: 'add_revenue', value: 432 };

/** Everything that is read of the database. */
const READS = [
  ...[
    '/users',
    '/users?userId=abc123',
    '/users?order=-revenue',
    '/users?limit=0',
    '/users?after=%ff',
  ],
  ...[
    '/users/abc123/revenue',
    '/users/nobody/revenue',
    '/users/%ff/revenue',
    '/users?userId=nobody',
  ],
  ...['/users/abc123/revenue?at=2026-01-01', '/users/abc123/revenue?at=never'],
  ...['/users/nobody/revenue?at=2026-01-01', '/users/abc123/revenue?at=%ff'],
  ...['/users/abc123/revenue/history', '/users/nobody/revenue/history?bucket=day'],
  ...['/users/abc123/revenue/history?from=2020-01-01&to=2020-01-02'],
  ...['/users/abc123/revenue/history?from=2020-01-01&to=2026-01-01'],
  ...['/users/abc123/revenue/history?from=%ff', '/users/abc123/revenue/history?to=x'],
  ...['/loads', '/loads?limit=0', '/loads?before=%ff', '/loads?before=1'],
  ...['/revenue', '/revenue?bucket=day', '/revenue?bucket=week', '/revenue?from=%ff'],
  ...['/revenue?from=2020-01-01&to=2020-01-02', '/revenue?from=2020-01-01&to=2026-01-01'],
  ...['/deadLetters', '/deadLetters?state=lost', '/deadLetters?after=%ff', '/deadLetters/1'],
  ...['/deadLetters/none', '/status', '/status/live', '/metrics', '/health/live', '/health/ready'],
];

export async function readAll(answers: DocumentedAnswers, url: string): Promise<void> {
  for (const path of READS) await answers.ask(url, path);
}

/** With something to read. */
export async function readLoaded(
  answers: DocumentedAnswers,
  { serverUrl }: RunningApplication,
): Promise<void> {
  await postEvents(serverUrl, EVENT);
  await eventually(
    async () => (await answers.ask(serverUrl, '/users/abc123/revenue')).status === 200,
  );
  await readAll(answers, serverUrl);
  await answers.ask(serverUrl, '/createTable');
  await answers.ask(serverUrl, '/createTable', { method: 'POST' });
}

/** Tables that somebody else made, or dropped. Ends with a database that is of no use. */
export async function breakTables(
  answers: DocumentedAnswers,
  { serverUrl }: RunningApplication,
  databaseUrl: string,
): Promise<void> {
  const create = async (code: string): Promise<void> => {
    const { json } = await answers.ask(serverUrl, '/createTable');
    if (json.code !== code) throw new Error(`${code}: ${JSON.stringify(json)}`);
  };
  const day = `insert into revenue_history values ('day', '2020-01-01T00:00:00Z', 432)`;
  await queryDatabase(databaseUrl, day);
  await queryDatabase(databaseUrl, 'update user_history_state set "offset" = -1');
  await readAll(answers, serverUrl);
  await queryDatabase(databaseUrl, 'alter table dead_letters rename to kept');
  await create('DEAD_LETTERS_DROPPED');
  await queryDatabase(databaseUrl, 'alter table kept rename to dead_letters');
  await queryDatabase(databaseUrl, 'drop table load_checkpoint');
  await create('CHECKPOINT_DROPPED');
  const all =
    'users_revenue, dead_letters, resubmissions, loads, revenue_history, user_revenue_history, user_history_state, migrations';
  await queryDatabase(databaseUrl, `drop table ${all}`);
  await readAll(answers, serverUrl);
  await answers.ask(serverUrl, '/deadLetters/1/resubmit', { method: 'POST', body: EVENT });
  await queryDatabase(databaseUrl, 'create table users_revenue (user_id text, revenue real)');
  await create('TABLE_FOREIGN');
}

/** What there is to say of dead letters, and of corrected events. */
export async function resubmit(answers: DocumentedAnswers): Promise<void> {
  const poisoned = await PoisonedApplication.create();
  const { url, database } = poisoned;
  const [first, second, third] = await poisoned.ids();
  const send = async (id: string, body: unknown, expected: number | string): Promise<void> => {
    const path = `/deadLetters/${id}/resubmit`;
    const headers = { 'content-type': 'application/json' };
    const answer = await answers.ask(url, path, { method: 'POST', headers, body });
    const got: unknown = typeof expected === 'number' ? answer.status : answer.json.code;
    if (got !== expected) throw new Error(`${expected}: ${answer.text}`);
  };
  await answers.ask(url, '/deadLetters');
  await answers.ask(url, `/deadLetters/${first}`);
  await send('none', EVENT, 'REQUEST_INVALID');
  await send('999', EVENT, 'DEAD_LETTER_UNKNOWN');
  await send(first, { ...EVENT, id: 'mine' }, 'PROPERTY_UNKNOWN');
  await send(first, '{', 'INVALID_JSON');
  await send(first, { ...EVENT, value: -1 }, 'VALUE_NEGATIVE');
  await queryDatabase(
    database.url,
    `update dead_letters set code = 'BLOCK_CORRUPT' where id = ${second}`,
  );
  await send(second, EVENT, 'DEAD_LETTER_IS_RANGE');
  const claimed = `insert into resubmissions (log_id, "offset", event, claimed_by, claimed_at)
    select log_id, "offset", '${JSON.stringify({ ...EVENT, value: 1 })}', log_id, now()
      from dead_letters where id = ${third}`;
  await queryDatabase(database.url, claimed);
  await send(third, EVENT, 'DEAD_LETTER_CLAIMED');
  await answers.ask(url, `/deadLetters/${third}`);
  await send(first, EVENT, 202);
  await poisoned.untilResolved(first);
  await send(first, EVENT, 'DEAD_LETTER_RESOLVED');
  await answers.ask(url, `/deadLetters/${first}`);
  await poisoned.remove();
}
