import { Client } from 'pg';

const READ_TIMEOUT = 'Query read timeout';

/**
 * A connection to the server that ends itself when an answer does not come in time: where a network swallows what is
 * sent over it (a failover, a firewall that forgot), the next query must not be sent there, too, until the
 * system gives up after a quarter of an hour. A pool drops a connection that is ending.
 */
export class Connection extends Client {
  constructor(...options: ConstructorParameters<typeof Client>) {
    super(...options);
    const query = this.query.bind(this) as (...args: unknown[]) => unknown;
    this.query = ((...args: unknown[]) => {
      const asked = query(...args);
      if (isPromise(asked)) asked.catch((error: unknown) => void this.endAfter(error));
      return asked;
    }) as Client['query'];
  }

  private async endAfter(error: unknown): Promise<void> {
    if ((error as { message?: unknown } | null)?.message !== READ_TIMEOUT) return;
    await this.end().catch(() => undefined);
  }
}

const isPromise = (value: unknown): value is Promise<unknown> =>
  typeof (value as { catch?: unknown } | null)?.catch === 'function';
