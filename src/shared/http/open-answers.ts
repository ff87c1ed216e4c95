import type { ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { OpenItems, type Placed } from './open-items.js';

/** A connection with the answers that are due on it, in order: more than one when requests are pipelined. */
interface Connection extends Placed {
  readonly answers: ServerResponse[];
}

const CONNECTION = Symbol('revenue-etl:connection');

type KnownSocket = Socket & { [CONNECTION]?: Connection };

/**
 * The answers that are due. By connection, and let go with it: of a pipelined answer whose turn never came, Node
 * does not say that it is closed.
 */
export class OpenAnswers {
  private readonly connections = new OpenItems<Connection>();

  add(response: ServerResponse, socket: KnownSocket): void {
    (socket[CONNECTION] ??= this.connect(socket)).answers.push(response);
  }

  delete(response: ServerResponse, socket: KnownSocket): void {
    const answers = socket[CONNECTION]?.answers ?? [];
    if (answers[0] === response) answers.shift();
    else if (answers.includes(response)) answers.splice(answers.indexOf(response), 1);
  }

  of(socket: KnownSocket): readonly ServerResponse[] {
    return socket[CONNECTION]?.answers ?? [];
  }

  list(): readonly ServerResponse[] {
    return this.connections.list().flatMap(({ answers }) => answers);
  }

  private connect(socket: KnownSocket): Connection {
    const connection: Connection = { place: -1, answers: [] };
    this.connections.add(connection);
    socket.once('close', () => {
      this.connections.delete(connection);
    });
    return connection;
  }
}
