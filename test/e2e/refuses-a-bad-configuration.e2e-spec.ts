import { existsSync } from 'node:fs';
import { describe, expect, it } from '@jest/globals';
import { RunningApplication } from '../support/running-application.js';

/** Runs to its end, which is to come at once. */
async function runToEnd(env: Record<string, string>): Promise<RunningApplication> {
  const application = await RunningApplication.launch({ env });
  const { code } = await application.exit();
  expect(code).toBe(1);
  expect(application.stdout).toBe('');
  return application;
}

describe('a process with a bad configuration', () => {
  it('names all bad variables at once, shows no secret, and touches nothing', async () => {
    const application = await runToEnd({
      SERVER_PORT: '70000',
      MIGRATIONS_RUN: 'maybe',
      LOAD_CRON: 'every second',
      DATABASE_URL: 'mysql://me:s3cret@localhost/db',
      API_KEYS: 's3cret',
    });
    const names = ['SERVER_PORT', 'MIGRATIONS_RUN', 'LOAD_CRON', 'DATABASE_URL', 'API_KEYS'];
    for (const name of names) expect(application.stderr).toContain(`  ${name}: `);
    expect(application.stderr).not.toContain('s3cret');
    expect(application.stderr).not.toContain('    at ');
    expect(existsSync(application.dataDir)).toBe(false);
  });

  it('does not listen where others reach it without keys', async () => {
    const application = await runToEnd({ HOST: '0.0.0.0' });
    expect(application.stderr).toContain('HOST: "0.0.0.0" is reachable from outside');
    expect(application.stderr).toContain('API_KEYS');
  });
});
