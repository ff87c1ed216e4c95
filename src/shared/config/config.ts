import { basename, dirname } from 'node:path';
import type { AppConfig } from './app-config.js';
import { gatherVariables, readConfig } from './read-config.js';

const EXIT_APPLICATION = 1;
const EXIT_TOOL = 3;

const isTool = (): boolean => basename(dirname(process.argv[1] ?? '')) === 'tools';

/**
 * The configuration of this process, read and validated while this file is imported: decorators
 * such as `@Cron` run at import too, so nothing that starts later could serve them. This is the one
 * place where the process environment is read. With bad variables the process ends here, with all
 * of them on standard error and exit code 1; a tool ends with 3, since its 1 says what it found.
 */
export const appConfig: AppConfig = readOrExit();

function readOrExit(): AppConfig {
  const read = readConfig(gatherVariables(process.cwd(), process.env), process.cwd());
  if (read.kind === 'config') return read.config;
  const lines = read.bad.map(({ name, complaint }) => `  ${name}: ${complaint}`);
  process.stderr.write(
    `revenue-etl cannot start, the configuration is not valid:\n${lines.join('\n')}\n` +
      'Set these in the environment or in .env.local; .env explains every variable.\n',
  );
  process.exit(isTool() ? EXIT_TOOL : EXIT_APPLICATION);
}
