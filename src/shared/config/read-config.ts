import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { resolve } from 'node:path';
import { plainToInstance } from 'class-transformer';
import { validateSync } from 'class-validator';
import { parse } from 'dotenv';
import { parseApiKeys, type ApiKey } from './api-keys.js';
import { AppConfig } from './app-config.js';
import { Environment, postgresUrlComplaint } from './environment.js';
import { hostName } from './host-name.js';

/** One bad variable: its name and what is wrong with its value. */
export interface BadVariable {
  readonly name: string;
  readonly complaint: string;
}

export type ReadConfig =
  | { readonly kind: 'config'; readonly config: AppConfig }
  | { readonly kind: 'bad'; readonly bad: readonly BadVariable[] };

type Variables = Readonly<Record<string, string | undefined>>;

/** Their values may hold a key or a password, so no complaint shows them. */
const SECRET = new Set([
  ...['API_KEYS', 'INGEST_API_KEY', 'INGEST_URL', 'DATABASE_URL'],
  ...['OTEL_EXPORTER_OTLP_ENDPOINT', 'OTEL_EXPORTER_OTLP_HEADERS'],
]);
const LOOPBACK_NAMES = ['localhost', '127.0.0.1', '::1'];

/**
 * The variables of this process: `.env`, overridden by `.env.local`, overridden by the process
 * environment. Files that do not exist count as empty.
 */
export function gatherVariables(directory: string, processEnvironment: Variables): Variables {
  const fromFile = (name: string): Variables => {
    try {
      return parse(readFileSync(resolve(directory, name)));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'ENOENT') return {};
      throw error;
    }
  };
  return {
    ...fromFile('.env'),
    ...fromFile('.env.local'),
    ...processEnvironment,
  };
}

/**
 * Validates all variables at once. An empty value means the default. Relative paths are taken from
 * `directory`. Nothing is opened but `API_KEYS_FILE` and `DATABASE_URL_FILE`.
 */
export function readConfig(variables: Variables, directory: string): ReadConfig {
  const names = Object.keys(new Environment());
  const set = names.filter((name) => (variables[name] ?? '').trim() !== '');
  const plain = Object.fromEntries(set.map((name) => [name, variables[name]?.trim()]));
  const environment = plainToInstance(Environment, plain);
  const bad: BadVariable[] = validateSync(environment).map((error) => {
    const shown = SECRET.has(error.property) ? '' : `"${variables[error.property] ?? ''}" `;
    const complaint = Object.values(error.constraints ?? {})[0] ?? 'is not valid';
    return { name: error.property, complaint: `${shown}${complaint}` };
  });
  const keys = readApiKeys(environment, directory, bad);
  environment.DATABASE_URL = readDatabaseUrl(environment, directory, bad);
  checkTogether(environment, keys, bad);
  if (bad.length > 0) return { kind: 'bad', bad };
  return {
    kind: 'config',
    config: resolveConfig(environment, keys, directory),
  };
}

function readApiKeys(
  { API_KEYS, API_KEYS_FILE }: Environment,
  directory: string,
  bad: BadVariable[],
): readonly ApiKey[] {
  const inline = parseApiKeys(API_KEYS);
  if (inline.kind === 'bad') bad.push({ name: 'API_KEYS', complaint: inline.complaint });
  else if (API_KEYS !== '' && inline.keys.length === 0) {
    // Whoever sets it wants doors that are closed; they would all stand open.
    bad.push({ name: 'API_KEYS', complaint: 'holds no key' });
  }
  if (API_KEYS_FILE === '') return inline.kind === 'keys' ? inline.keys : [];
  try {
    const text = readFileSync(resolve(directory, API_KEYS_FILE), 'utf8');
    const both = parseApiKeys(`${API_KEYS}\n${text}`);
    if (both.kind === 'keys' && both.keys.length > 0) return both.keys;
    const complaint = both.kind === 'bad' ? both.complaint : 'holds no key';
    if (inline.kind === 'keys') bad.push({ name: 'API_KEYS_FILE', complaint });
  } catch (error) {
    const complaint = `"${API_KEYS_FILE}" cannot be read (${(error as Error).message})`;
    bad.push({ name: 'API_KEYS_FILE', complaint });
  }
  return [];
}

/** The URL that is set, or the text of the file that is. The file holds a password: no complaint shows it. */
function readDatabaseUrl(
  { DATABASE_URL, DATABASE_URL_FILE }: Environment,
  directory: string,
  bad: BadVariable[],
): string {
  if (DATABASE_URL_FILE === '') return DATABASE_URL;
  const refuse = (complaint: string): string => {
    bad.push({ name: 'DATABASE_URL_FILE', complaint: `"${DATABASE_URL_FILE}" ${complaint}` });
    return '';
  };
  if (DATABASE_URL !== '') return refuse('is set beside DATABASE_URL: set one of them');
  try {
    const url = readFileSync(resolve(directory, DATABASE_URL_FILE), 'utf8').trim();
    // Whoever names a file wants that server; nothing in it would start an embedded one instead.
    if (url === '') return refuse('is empty');
    if (/\s/.test(url)) return refuse('holds more than a URL');
    const complaint = postgresUrlComplaint(url);
    return complaint === null ? url : refuse(`holds a URL that ${complaint}`);
  } catch (error) {
    return refuse(`cannot be read (${(error as Error).message})`);
  }
}

/** Rules about more than one variable. */
function checkTogether(
  environment: Environment,
  keys: readonly ApiKey[],
  bad: BadVariable[],
): void {
  const { HOST, SERVER_PORT, CLIENT_PORT } = environment;
  const keysAreBad = bad.some(({ name }) => name.startsWith('API_KEYS'));
  if (!isLoopback(HOST) && keys.length === 0 && !keysAreBad) {
    const complaint = `"${HOST}" is reachable from outside this machine, so API_KEYS must be set`;
    bad.push({ name: 'HOST', complaint });
  }
  if (SERVER_PORT !== 0 && SERVER_PORT === CLIENT_PORT) {
    bad.push({
      name: 'CLIENT_PORT',
      complaint: `"${CLIENT_PORT}" is SERVER_PORT as well`,
    });
  }
}

/** True for addresses that only this machine reaches. A name other than `localhost` is not trusted. */
function isLoopback(host: string): boolean {
  if (host.toLowerCase() === 'localhost' || host === '::1') return true;
  return isIP(host) === 4 && host.startsWith('127.');
}

function hostNames({ ALLOWED_HOSTS, HOST }: Environment): Set<string> {
  const listed = ALLOWED_HOSTS.split(',').map((name) => name.trim());
  const names = ALLOWED_HOSTS === '' ? [...LOOPBACK_NAMES, HOST] : listed;
  return new Set(names.filter((name) => name !== '').map(hostName));
}

function resolveConfig(from: Environment, keys: readonly ApiKey[], directory: string): AppConfig {
  return Object.assign(new AppConfig(), {
    logFormat: from.LOG_FORMAT,
    host: from.HOST,
    serverPort: from.SERVER_PORT,
    clientPort: from.CLIENT_PORT,
    allowedHosts: hostNames(from),
    dataDir: resolve(directory, from.DATA_DIR),
    databaseUrl: from.DATABASE_URL,
    migrationsRun: from.MIGRATIONS_RUN,
    eventsFile: resolve(directory, from.EVENTS_FILE),
    ingestUrl: from.INGEST_URL,
    ingestApiKey: from.INGEST_API_KEY,
    apiKeys: keys,
    loadCron: from.LOAD_CRON,
    loadUsersMax: from.LOAD_USERS_MAX,
    loadReadMsMax: from.LOAD_READ_MS_MAX,
    historyHoursMax: from.HISTORY_HOURS_MAX,
    userHistory: from.USER_HISTORY,
    lagSecondsMax: from.LAG_SECONDS_MAX,
    segmentBytesMax: from.SEGMENT_BYTES_MAX,
    diskFreeBytesMin: from.DISK_FREE_BYTES_MIN,
    backlogBytesMax: from.BACKLOG_BYTES_MAX,
    appendQueueBytesMax: from.APPEND_QUEUE_BYTES_MAX,
    dedupeWindowSeconds: from.DEDUPE_WINDOW_SECONDS,
    dedupeIdsMax: from.DEDUPE_IDS_MAX,
    retentionDays: from.RETENTION_DAYS,
    retentionAction: from.RETENTION_ACTION,
    jsonBodyBytesMax: from.JSON_BODY_BYTES_MAX,
    arrayItemsMax: from.ARRAY_ITEMS_MAX,
    lineBytesMax: from.LINE_BYTES_MAX,
    rejectedItemsMax: from.REJECTED_ITEMS_MAX,
    bodyRatioMax: from.BODY_RATIO_MAX,
    bodyIdleSecondsMax: from.BODY_IDLE_SECONDS_MAX,
    bodyBytesPerSecondMin: from.BODY_BYTES_PER_SECOND_MIN,
    bodiesBytesMax: from.BODIES_BYTES_MAX,
    headersSecondsMax: from.HEADERS_SECONDS_MAX,
    connectionsMax: from.CONNECTIONS_MAX,
    keyEventsPerSecondMax: from.KEY_EVENTS_PER_SECOND_MAX,
    logAcceptedEvery: from.LOG_ACCEPTED_EVERY,
    clientRequestItemsMax: from.CLIENT_REQUEST_ITEMS_MAX,
    clientConcurrencyMax: from.CLIENT_CONCURRENCY_MAX,
    clientAttemptsMax: from.CLIENT_ATTEMPTS_MAX,
    drainTimeoutMs: from.DRAIN_TIMEOUT_MS,
    otlpEndpoint: from.OTEL_EXPORTER_OTLP_ENDPOINT,
    otlpHeaders: from.OTEL_EXPORTER_OTLP_HEADERS,
    tracesRatio: from.OTEL_TRACES_SAMPLER_ARG,
    serviceName: from.OTEL_SERVICE_NAME,
  } satisfies { [K in keyof AppConfig]: AppConfig[K] });
}
