import type { IncomingMessage, ServerResponse } from 'node:http';
import { Injectable } from '@nestjs/common';

/**
 * A route that is answered on the bare request, in front of Express. It keeps every guard by itself: asks
 * `Access`, answers with `writeProblem`, bounds what it reads with `BodyWatch`. Only for a route whose cost
 * is a promise; the reason is to be written beside it.
 */
export interface DirectRoute {
  readonly method: string;
  /** As it is sent, exactly; any other spelling goes to Express. */
  readonly path: string;
  /** Never throws. */
  handle(request: IncomingMessage, response: ServerResponse): void;
}

/** The routes in front of Express. Contexts add theirs while Nest starts. */
@Injectable()
export class DirectRoutes {
  private readonly routes: DirectRoute[] = [];

  add(route: DirectRoute): void {
    this.routes.push(route);
  }

  find({ method, url }: IncomingMessage): DirectRoute | null {
    for (const route of this.routes) {
      if (route.path === url && route.method === method) return route;
    }
    return null;
  }
}
