import { isatty } from 'node:tty';
import { ConsoleLogger } from '@nestjs/common';

const STANDARD_OUTPUT = 1;

/** What Nest says of its own start, line by line, is of no use to whoever runs this. */
const FRAMEWORK_CONTEXTS = [
  'NestFactory',
  'InstanceLoader',
  'RoutesResolver',
  'RouterExplorer',
  'NestApplication',
];

/** Readable lines, in colour on a terminal, or JSON. */
export class ApplicationLogger extends ConsoleLogger {
  constructor(format: 'text' | 'json') {
    super({
      json: format === 'json',
      colors: isatty(STANDARD_OUTPUT),
      logLevels: ['log', 'warn', 'error', 'fatal'],
    });
  }

  override log(message: unknown, ...rest: unknown[]): void {
    const context = rest.at(-1);
    if (typeof context === 'string' && FRAMEWORK_CONTEXTS.includes(context)) return;
    super.log(message, ...rest);
  }
}
