import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { Environment } from '../../../src/shared/config/environment.js';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8');

const defaults = new Environment();
/** What a stop may take at most, see Application.stop(). */
const STOP_SECONDS_MAX = (3 * defaults.DRAIN_TIMEOUT_MS) / 1000 + 30;
/** Of Node.js and npm, not of the application. */
const OTHERS = ['NODE_ENV', 'NPM_CONFIG_UPDATE_NOTIFIER'];

const unknownOf = (names: readonly string[]): string[] =>
  names.filter((name) => !Object.hasOwn(defaults, name) && !OTHERS.includes(name));

/** The values of block mappings, by their path: `services.application.image`. Enough for what is read here. */
function valuesOf(yaml: string): Map<string, string> {
  const values = new Map<string, string>();
  const path: { indent: number; key: string }[] = [];
  for (const line of yaml.split('\n')) {
    const [, spaces = '', key, value = ''] = /^( *)([\w-]+):(?: +(.*))?$/.exec(line) ?? [];
    if (key === undefined) continue;
    while ((path.at(-1)?.indent ?? -1) >= spaces.length) path.pop();
    path.push({ indent: spaces.length, key });
    values.set(path.map((part) => part.key).join('.'), value);
  }
  return values;
}

const dockerfile = read('Dockerfile').replaceAll('\\\n', ' ');
const compose = valuesOf(read('docker-compose.yml'));
const unit = read('ops/systemd/revenue-etl.service');

/** The keys right below a path, with their values. */
function below(path: string): [string, string][] {
  return [...compose].flatMap(([full, value]): [string, string][] => {
    const key = full.startsWith(`${path}.`) ? full.slice(path.length + 1) : '.';
    return key.includes('.') ? [] : [[key, value]];
  });
}

const listOf = (path: string): string[] => compose.get(path)?.match(/[\w-]+/g) ?? [];

describe('the Dockerfile', () => {
  const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) \S+$/gm)].flatMap(([, paths = '']) =>
    paths.split(/ +/),
  );
  const letIn = [...read('.dockerignore').matchAll(/^!(\S+)$/gm)].map(([, path = '']) => path);

  it('copies what is there, and .dockerignore lets just that in', () => {
    expect(copied.length).toBeGreaterThan(8);
    expect(copied.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect([...new Set(copied)].toSorted()).toEqual(letIn.toSorted());
  });

  it('sets variables that there are', () => {
    const settings = [...dockerfile.matchAll(/^ENV (.+)$/gm)].flatMap(([, text = '']) =>
      [...text.matchAll(/\b([A-Z_]+)=/g)].map(([, name = '']) => name),
    );
    expect(settings).toContain('DATA_DIR');
    expect(unknownOf(settings)).toEqual([]);
  });

  it('ends as an ordinary user', () => {
    expect([...dockerfile.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user)).toEqual(['node']);
  });
});

describe('docker-compose.yml', () => {
  it('sets variables that there are, and none of them to a secret', () => {
    const settings = below('services.application.environment');
    expect(settings.length).toBeGreaterThan(3);
    expect(unknownOf(settings.map(([name]) => name))).toEqual([]);
    expect(read('docker-compose.yml')).not.toContain('${');
  });

  it.each(['application', 'postgres'])('hands the secrets to %s that it reads', (service) => {
    const used = below(`services.${service}.environment`).flatMap(([, value]) => {
      const [, secret] = /^\/run\/secrets\/([\w-]+)$/.exec(value) ?? [];
      return secret === undefined ? [] : [secret];
    });
    expect(used.length).toBeGreaterThan(0);
    expect(listOf(`services.${service}.secrets`).toSorted()).toEqual(used.toSorted());
    const defined = below('secrets').map(([name]) => name);
    expect(used.filter((secret) => !defined.includes(secret))).toEqual([]);
  });

  it('takes no secret that is not named where they are made', () => {
    for (const [name] of below('secrets')) {
      expect(compose.get(`secrets.${name}.file`)).toBe(`./secrets/${name}`);
      expect(read('docs/deployment.md')).toContain(`> secrets/${name}\n`);
    }
    expect(read('.gitignore').split('\n')).toContain('secrets/');
  });

  it('gives volumes that are defined, and time to stop', () => {
    expect(below('volumes').map(([name]) => name)).toEqual(['application-data', 'postgres-data']);
    const grace = compose.get('services.application.stop_grace_period') ?? '';
    expect(Number(grace.replace(/s$/, ''))).toBeGreaterThan(STOP_SECONDS_MAX);
    expect(compose.get('services.application.read_only')).toBe('true');
  });
});

describe('the unit for systemd', () => {
  it('sets variables that there are', () => {
    const settings = [...unit.matchAll(/^#?Environment=(.+)$/gm)].flatMap(([, text = '']) =>
      text.split(' ').map((setting) => setting.split('=')[0] ?? ''),
    );
    expect(settings).toContain('API_KEYS_FILE');
    expect(settings).toContain('DATABASE_URL_FILE');
    expect(unknownOf(settings)).toEqual([]);
  });

  it('hands on each credential that a variable names', () => {
    const named = [...unit.matchAll(/=%d\/([\w-]+)/g)].map(([, name]) => name);
    const loaded = [...unit.matchAll(/LoadCredential=([\w-]+):/g)].map(([, name]) => name);
    expect(named.toSorted()).toEqual(loaded.toSorted());
  });

  it('gives time to stop, and lets the application stop its database', () => {
    const [, seconds] = /^TimeoutStopSec=(\d+)$/m.exec(unit) ?? [];
    expect(Number(seconds)).toBeGreaterThan(STOP_SECONDS_MAX);
    expect(unit).toMatch(/^KillMode=mixed$/m);
  });
});
