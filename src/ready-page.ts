import { relative } from 'node:path';
import { Logger } from '@nestjs/common';
import type { ApplicationFacts } from './application.js';
import type { AppConfig } from './shared/config/app-config.js';

/** One clear page for whoever started it: where things are, and what to type next. */
export function printReadyPage(facts: ApplicationFacts, config: AppConfig): void {
  if (config.logFormat === 'json') {
    Logger.log(
      `ready: page ${facts.serverUrl}/, server ${facts.serverUrl}, client ${facts.clientUrl}`,
      'Application',
    );
    return;
  }
  const { serverUrl, clientUrl, endOffset } = facts;
  const dataDir = shortest(config.dataDir);
  const lines = [
    '',
    'revenue-etl is ready',
    '',
    `  page      ${serverUrl}/   in a browser: how things are, live`,
    `  server    ${serverUrl}   POST /events, GET /users/<userId>/revenue, GET /status`,
    `  client    ${clientUrl}   GET /generateEvents`,
    `  database  ${describeDatabase(facts, config, dataDir)}`,
    `  log       ${dataDir}/staging, ${endOffset} bytes`,
    '',
    'Next, in another terminal:',
    '',
    '  npm run generate_events',
    `  curl ${serverUrl}/users/abc123/revenue`,
    '  npm run verify',
    '',
  ];
  process.stdout.write(`${lines.join('\n')}\n`);
}

function describeDatabase(facts: ApplicationFacts, config: AppConfig, dataDir: string): string {
  const where = config.databaseUrl === '' ? `embedded, in ${dataDir}/postgres` : 'at DATABASE_URL';
  if (facts.database.kind === 'ready') return where;
  return `${where}, not there yet (${facts.database.reason}): events are accepted, loads will catch up`;
}

/** As one would type it. */
function shortest(path: string): string {
  const fromHere = relative(process.cwd(), path);
  return fromHere === '' ? '.' : fromHere.startsWith('..') ? path : fromHere;
}
