import type { AnswerDocs } from './describe-route.js';
import type { Schema } from './schema.js';

interface JsonAnswer<T> {
  readonly description: string;
  readonly schema: Schema;
  readonly example: T;
}

/** An answer in JSON with one example, which the compiler holds to the type of the handler's answer. */
export function json<T>({ description, schema, example }: JsonAnswer<T>): AnswerDocs {
  const examples = { example: { value: example } };
  return { description, content: { 'application/json': { schema, examples } } };
}
