// First: with a bad configuration the process ends here, before any decorator reads it.
import { appConfig } from './shared/config/config.js';
import 'reflect-metadata';
import { Application } from './application.js';
import { printReadyPage } from './ready-page.js';
import { explainFailure } from './tools/failure.js';

const USAGE =
  'usage: npm start, or node dist/src/main.js, without arguments; variables in the environment or .env.local set the rest (.env explains them)\n';

/** Variables set everything: an option that was meant to change something must not seem to do so. */
class ArgumentsError extends Error {
  readonly code = 'USAGE_INVALID';
}

function signalled(): Promise<NodeJS.Signals> {
  return new Promise((resolve) => {
    // Kept on: npm and a terminal both pass Ctrl-C on, and the second one must not cut the drain.
    // SIGHUP: the terminal was closed.
    for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) {
      process.on(signal, () => {
        resolve(signal);
      });
    }
  });
}

/** Whoever read our output has gone: no reason to stop taking events. */
function outliveReaders(): void {
  for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
}

async function main(): Promise<void> {
  outliveReaders();
  const [argument] = process.argv.slice(2);
  if (argument === '--help' || argument === '-h') {
    process.stdout.write(USAGE);
    return;
  }
  if (argument !== undefined)
    throw new ArgumentsError(`there is no option "${argument}"; ${USAGE.trimEnd()}`);
  const stop = signalled();
  const application = await Application.start(appConfig);
  application.flushLog(); // the page comes behind what was said on the way to it
  printReadyPage(application.facts(), appConfig);
  await stop;
  await application.stop();
}

main().then(
  () => process.exit(0),
  (error: unknown) => {
    const { code, message } = explainFailure(error, appConfig.dataDir);
    process.stderr.write(`revenue-etl: ${code}: ${message}\n`);
    process.exit(1);
  },
);
