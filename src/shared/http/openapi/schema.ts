/** A JSON Schema as OpenAPI 3.1 takes it (draft 2020-12). Shown as it is written. */
export type Schema = Readonly<Record<string, unknown>>;

/** A schema by its name in the document. */
export const ref = (name: string): Schema => ({ $ref: `#/components/schemas/${name}` });

/**
 * A schema of an object that has exactly the properties of `T`: one that is missing here, or is there no more,
 * does not compile.
 */
export function objectOf<T extends object>(
  properties: { readonly [K in keyof Required<T>]: Schema },
  optional: readonly (keyof T)[] = [],
): Schema {
  const names = Object.keys(properties) as (keyof T)[];
  const required = names.filter((name) => !optional.includes(name));
  return { type: 'object', properties, ...(required.length > 0 ? { required } : {}) };
}

export const arrayOf = (items: Schema): Schema => ({ type: 'array', items });

/** For what is null while it is unknown. */
export const orNull = (schema: Schema): Schema => ({ anyOf: [schema, { type: 'null' }] });

export const COUNT: Schema = { type: 'integer', minimum: 0 };
export const TEXT: Schema = { type: 'string' };
export const UUID: Schema = { type: 'string', format: 'uuid' };
export const TIME: Schema = { type: 'string', format: 'date-time' };

/** An amount or a sum, exact in every language. */
export const DECIMAL: Schema = {
  type: 'string',
  pattern: '^-?\\d+(\\.\\d+)?$',
  description: 'An exact decimal, without trailing zeros.',
};

/** A place in a staging log. */
export const OFFSET: Schema = {
  ...COUNT,
  maximum: Number.MAX_SAFE_INTEGER,
  description: 'A place in a staging log; only the log interprets it.',
};
