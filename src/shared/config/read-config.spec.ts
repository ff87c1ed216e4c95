import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { AppConfig } from './app-config.js';
import { gatherVariables, readConfig, type BadVariable } from './read-config.js';

type Variables = Record<string, string>;

let directory = '';
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'revenue-etl-config-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true });
});

function configOf(variables: Variables): AppConfig {
  const read = readConfig(variables, directory);
  if (read.kind === 'bad') throw new Error(JSON.stringify(read.bad));
  return read.config;
}

function badOf(variables: Variables): readonly BadVariable[] {
  const read = readConfig(variables, directory);
  return read.kind === 'bad' ? read.bad : [];
}

const namesOf = (variables: Variables): string[] => badOf(variables).map(({ name }) => name);

describe('bad variables', () => {
  it('are reported together, each by its name with its value and what is wrong', () => {
    const bad = badOf({
      SERVER_PORT: '65536',
      CLIENT_PORT: 'http',
      MIGRATIONS_RUN: 'yes',
      LOAD_CRON: '* * * * *',
      DATABASE_URL: 'mysql://localhost',
      INGEST_URL: 'ftp://localhost',
      API_KEYS: 'me',
      API_KEYS_FILE: './missing',
      DISK_FREE_BYTES_MIN: '64MB',
    });
    const complaints = Object.fromEntries(bad.map(({ name, complaint }) => [name, complaint]));
    expect(complaints).toEqual({
      SERVER_PORT: '"65536" must be a whole number from 0 to 65535',
      CLIENT_PORT: '"http" must be a whole number from 0 to 65535',
      MIGRATIONS_RUN: '"yes" must be true or false',
      LOAD_CRON: '"* * * * *" must have six fields, seconds first',
      DATABASE_URL: 'must begin with postgres://',
      INGEST_URL: 'must be an http:// or https:// URL',
      API_KEYS: 'entry 1 must be name:key or name:key:scopes',
      API_KEYS_FILE: expect.stringContaining('cannot be read'),
      DISK_FREE_BYTES_MIN: expect.stringContaining('"64MB" must be a whole number'),
    });
  });

  it('never show what is secret', () => {
    const bad = badOf({
      DATABASE_URL: 'mysql://me:s3cret@localhost',
      INGEST_URL: 'ftp://me:s3cret@localhost',
      API_KEYS: 's3cret:me,s3cret:you',
      HOST: '0.0.0.0',
    });
    expect(bad.length).toBeGreaterThanOrEqual(3);
    expect(JSON.stringify(bad)).not.toContain('s3cret');
  });

  it.each(['-1', '1.5', '1e3', '0x10', '8 000', '99999999999999999999', 'Infinity', 'NaN', '٣'])(
    'are whole numbers that are none: %s',
    (text) => expect(namesOf({ SERVER_PORT: text, DRAIN_TIMEOUT_MS: text })).toHaveLength(2),
  );
  it('are whole numbers beyond the bound that the complaint names, but not the bound itself', () => {
    const [bound, beyond] = ['9007199254740991', '9007199254740992'];
    expect(configOf({ DISK_FREE_BYTES_MIN: bound }).diskFreeBytesMin).toBe(Number(bound));
    expect(namesOf({ DISK_FREE_BYTES_MIN: beyond })).toEqual(['DISK_FREE_BYTES_MIN']);
    expect(namesOf({ DISK_FREE_BYTES_MIN: '9'.repeat(16) })).toEqual(['DISK_FREE_BYTES_MIN']);
  });
  it.each(['-1', '1e3', '.5', '1.', '0x1', '36500.1', 'Infinity', 'NaN', '1,5'])(
    'are days that are no decimal number, or too many: %s',
    (text) => expect(namesOf({ RETENTION_DAYS: text })).toEqual(['RETENTION_DAYS']),
  );
  it.each(['', 'x * * * * *', '60 * * * * *', '* * * * * * *'])('are cron fields: %j', (text) => {
    expect(namesOf({ LOAD_CRON: text })).toEqual(text === '' ? [] : ['LOAD_CRON']);
  });
  it.each(['0', '1', 'TRUE', 'no'])('are flags other than true and false: %s', (text) => {
    expect(namesOf({ MIGRATIONS_RUN: text })).toEqual(['MIGRATIONS_RUN']);
  });

  it('are two listeners on one port, unless the system chooses both', () => {
    expect(namesOf({ SERVER_PORT: '9000', CLIENT_PORT: '9000' })).toEqual(['CLIENT_PORT']);
    expect(namesOf({ SERVER_PORT: '3000' })).toEqual(['CLIENT_PORT']);
    expect(namesOf({ SERVER_PORT: '0', CLIENT_PORT: '0' })).toEqual([]);
  });
});

describe('an empty variable', () => {
  it.each(['', ' ', '\t'])('means its default: %j', (empty) => {
    const variables = { SERVER_PORT: empty, HOST: empty, MIGRATIONS_RUN: empty, LOAD_CRON: empty };
    expect(configOf(variables)).toEqual(configOf({}));
    expect(configOf(variables)).toMatchObject({ serverPort: 8000, host: '127.0.0.1' });
  });
});

describe('the address to listen at', () => {
  it.each(['0.0.0.0', '::', '192.168.0.7', '10.0.0.1', 'example.com', '127.evil.com'])(
    'is refused without keys when others reach it: %s',
    (HOST) => {
      expect(namesOf({ HOST })).toEqual(['HOST']);
      expect(configOf({ HOST, API_KEYS: 'me:s3cret' }).host).toBe(HOST);
    },
  );
  it.each(['127.0.0.1', '127.8.9.10', '::1', 'localhost', 'LOCALHOST'])(
    'needs no keys when only this machine reaches it: %s',
    (HOST) => expect(namesOf({ HOST })).toEqual([]),
  );
});

describe('keys', () => {
  it('come from the variable and the file together', () => {
    writeFileSync(join(directory, 'keys'), '# one\nshop:k1:ingest\nci:k2\n');
    const { apiKeys } = configOf({ API_KEYS: 'me:k3', API_KEYS_FILE: './keys' });
    expect(apiKeys.map(({ name }) => name)).toEqual(['me', 'shop', 'ci']);
  });

  it('that are set but hold no key are refused: every door would stand open', () => {
    writeFileSync(join(directory, 'keys'), '# to be filled\n');
    expect(namesOf({ API_KEYS_FILE: 'keys' })).toEqual(['API_KEYS_FILE']);
    expect(namesOf({ API_KEYS: '#me:s3cret' })).toEqual(['API_KEYS']);
    expect(namesOf({ API_KEYS: ',' })).toEqual(['API_KEYS']);
  });

  it('that are bad are named, and not HOST for the lack of them', () => {
    expect(namesOf({ HOST: '0.0.0.0', API_KEYS: 'me' })).toEqual(['API_KEYS']);
    writeFileSync(join(directory, 'keys'), 'me\n');
    expect(namesOf({ HOST: '0.0.0.0', API_KEYS_FILE: 'keys' })).toEqual(['API_KEYS_FILE']);
  });
});

describe('a good configuration', () => {
  it('has paths from its directory, and lower-case host names', () => {
    const config = configOf({
      DATA_DIR: 'here',
      EVENTS_FILE: '/there',
      ALLOWED_HOSTS: 'A.test, b',
    });
    expect(config.dataDir).toBe(join(directory, 'here'));
    expect(config.eventsFile).toBe('/there');
    expect([...config.allowedHosts]).toEqual(['a.test', 'b']);
  });

  it('answers to the loopback names and HOST where nothing is said', () => {
    const { allowedHosts } = configOf({ HOST: '127.0.0.2' });
    expect([...allowedHosts]).toEqual(['localhost', '127.0.0.1', '::1', '127.0.0.2']);
  });

  it.each(['postgres://u:p@h/d', 'postgresql://h/d', 'postgres://u@/d?host=/run/postgresql'])(
    'takes the database %s',
    (DATABASE_URL) => expect(configOf({ DATABASE_URL }).databaseUrl).toBe(DATABASE_URL),
  );
});

describe('a file with the URL of the database', () => {
  const URL_TEXT = 'postgres://me:s3cret@db/revenue';
  const set = { DATABASE_URL_FILE: 'url' };
  const write = (text: string): void => {
    writeFileSync(join(directory, 'url'), text);
  };

  it('is as good as the variable, with or without a line end', () => {
    write(`${URL_TEXT}\n`);
    expect(configOf(set).databaseUrl).toBe(URL_TEXT);
    write(URL_TEXT);
    expect(configOf(set).databaseUrl).toBe(URL_TEXT);
  });

  it('is not set beside the variable', () => {
    write(URL_TEXT);
    expect(namesOf({ ...set, DATABASE_URL: URL_TEXT })).toEqual(['DATABASE_URL_FILE']);
  });

  it.each([
    ['is empty', ' \n'],
    ['holds more than a URL', `${URL_TEXT}\npostgres://s3cret`],
    ['holds a URL that must begin with postgres://', 'mysql://me:s3cret@db/revenue'],
  ])('%s: refused, and nothing of it is shown', (complaint, text) => {
    write(text);
    expect(badOf(set)).toEqual([
      { name: 'DATABASE_URL_FILE', complaint: expect.stringContaining(complaint) },
    ]);
    expect(JSON.stringify(badOf(set))).not.toContain('s3cret');
  });

  it('that cannot be read is named, and no embedded database takes its place', () => {
    const [bad] = badOf({ DATABASE_URL_FILE: './missing' });
    expect(bad?.name).toBe('DATABASE_URL_FILE');
    expect(bad?.complaint).toMatch(/^"\.\/missing" cannot be read \(ENOENT/);
  });
});

describe('retention', () => {
  it('is off unless days are set, which may be a fraction of one', () => {
    expect(configOf({})).toMatchObject({ retentionDays: 0, retentionAction: 'archive' });
    const set = configOf({ RETENTION_DAYS: '0.00001', RETENTION_ACTION: 'delete' });
    expect(set).toMatchObject({ retentionDays: 0.00001, retentionAction: 'delete' });
    expect(configOf({ RETENTION_DAYS: '36500' }).retentionDays).toBe(36_500);
  });

  it('archives or deletes, nothing else', () => {
    expect(namesOf({ RETENTION_ACTION: 'remove' })).toEqual(['RETENTION_ACTION']);
  });
});

describe('variables', () => {
  const write = (name: string, text: string): void => {
    writeFileSync(join(directory, name), text);
  };

  it('are those of .env, overridden by .env.local, overridden by the process', () => {
    write('.env', 'A=1\nB=1\nC=1\n');
    write('.env.local', 'B=2\nC=2\n');
    expect(gatherVariables(directory, { C: '3' })).toEqual({ A: '1', B: '2', C: '3' });
  });

  it('that the process sets to nothing are back at their default', () => {
    write('.env.local', 'SERVER_PORT=9000\n');
    const variables = gatherVariables(directory, { SERVER_PORT: '' });
    expect(configOf(variables as Variables).serverPort).toBe(8000);
  });

  it('need no file', () => {
    expect(gatherVariables(directory, { A: '1' })).toEqual({ A: '1' });
  });
});
