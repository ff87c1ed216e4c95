import type { ProblemCode } from './problem-codes.js';
import type { MediaObject } from './problem-answers.js';
import type { Schema } from './schema.js';

/** A part of the path, of the query, or a header of the request. */
export interface ParameterDocs {
  readonly in: 'path' | 'query' | 'header';
  readonly name: string;
  readonly description?: string;
  readonly schema: Schema;
}

/** An answer that is no problem. */
export interface AnswerDocs {
  readonly description: string;
  readonly content?: Readonly<Record<string, MediaObject>>;
}

/** What the document says of one route, beyond what its code tells: path, method and scope. */
export interface RouteDocs {
  /** Of this route alone: clients are generated with it. */
  readonly operationId: string;
  readonly tag: 'Events' | 'Balances' | 'Client' | 'Dead letters' | 'Monitoring' | 'Page';
  /** One line. */
  readonly summary: string;
  readonly description?: string;
  readonly parameters?: readonly ParameterDocs[];
  /** By media type. */
  readonly body?: Readonly<Record<string, MediaObject>>;
  readonly answers: Readonly<Record<number, AnswerDocs>>;
  /** Those of access and of the unforeseen come by themselves. */
  readonly problems?: readonly ProblemCode[];
  /** Members that this route adds to its problems. */
  readonly problemMembers?: (code: ProblemCode) => Readonly<Record<string, unknown>>;
  /** Schemas by name, for `ref`. */
  readonly schemas?: Readonly<Record<string, Schema>>;
}

/** A handler of a controller, with what is said of it. */
export interface DescribedRoute {
  readonly target: object;
  readonly key: string | symbol;
  readonly descriptor: PropertyDescriptor;
  readonly docs: RouteDocs;
}

const described: DescribedRoute[] = [];

/**
 * Describes a route in the OpenAPI document. It only remembers: loading @nestjs/swagger takes a quarter of a
 * second, and a start does not wait for a document that nobody may ever ask for. `buildDocument` applies
 * the decorators of @nestjs/swagger.
 */
export const Describe =
  (docs: RouteDocs): MethodDecorator =>
  (target, key, descriptor) => {
    described.push({ target, key, descriptor: descriptor, docs });
  };

/** All of them, in the order of loading. */
export const describedRoutes = (): readonly DescribedRoute[] => described;
