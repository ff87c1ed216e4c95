import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js';
import formats from 'ajv-formats';
import { sendRequest, type Answer, type RequestOptions } from './send-request.js';

type Json = Record<string, unknown>;

interface Media {
  readonly schema: Json;
  readonly examples?: Record<string, { readonly value: unknown }>;
}

interface DocumentedAnswer {
  readonly headers?: Record<string, { readonly $ref: string }>;
  readonly content?: Record<string, Media>;
}

export interface Operation {
  readonly operationId: string;
  readonly summary: string;
  readonly tags: readonly string[];
  readonly security?: readonly Record<string, readonly string[]>[];
  readonly parameters?: readonly { readonly in: string; readonly name: string }[];
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<string, DocumentedAnswer>;
}

export interface OpenApiDocument {
  readonly openapi: string;
  readonly info: { readonly version: string };
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly headers: Record<string, { readonly required?: boolean; readonly schema: Json }>;
    readonly responses: Record<string, DocumentedAnswer>;
    readonly schemas: Record<string, Json>;
  };
}

const ID = 'https://openapi.test/document';

/** Holds answers of a running application to its own OpenAPI document, and remembers which came. */
export class DocumentedAnswers {
  /** `STATUS CODE` of each problem that came, and `METHOD /path STATUS` of each answer. */
  readonly seen = new Set<string>();
  private readonly ajv = new Ajv2020({ strict: false, allErrors: true });

  constructor(readonly document: OpenApiDocument) {
    formats.default(this.ajv);
    this.ajv.addSchema({ $id: ID, ...(closed(document) as Json) });
  }

  static async of(url: string): Promise<DocumentedAnswers> {
    return new DocumentedAnswers((await sendRequest(url, '/docs-json')).json as OpenApiDocument);
  }

  /** One request. @throws when its answer is not as documented, whatever it is. */
  async ask(url: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const answer = await sendRequest(url, path, options);
    this.check(`${options.method ?? 'GET'} ${path}`, answer);
    return answer;
  }

  /** @param request method and path, as sent */
  check(request: string, answer: Answer): void {
    const [method = '', path = ''] = request.split(' ');
    const template = this.templateOf(path);
    const operation = template === null ? null : this.document.paths[template]?.[lower(method)];
    if (operation === null || operation === undefined) {
      this.checkOutside(request, answer);
      return;
    }
    const at = ['paths', template ?? '', lower(method), 'responses', String(answer.status)];
    this.checkAt(request, answer, at);
    this.seen.add(`${method} ${template ?? ''} ${answer.status}`);
  }

  /** An answer that is no operation's. */
  checkOutside(request: string, answer: Answer): void {
    this.checkAt(request, answer, ['components', 'responses', String(answer.json?.code)]);
  }

  /** A schema of the document, by its place. */
  compile(at: readonly string[]): ValidateFunction {
    return this.ajv.compile({ $ref: `${ID}#/${at.map(pointer).join('/')}` });
  }

  get operations(): (readonly [string, Operation])[] {
    return Object.entries(this.document.paths).flatMap(([path, methods]) =>
      Object.entries(methods).map(
        ([method, operation]) => [`${method.toUpperCase()} ${path}`, operation] as const,
      ),
    );
  }

  private checkAt(request: string, answer: Answer, at: readonly string[]): void {
    const said = `${request} answers ${answer.status} ${answer.text.slice(0, 500)}`;
    const documented = at.reduce<unknown>((part, key) => (part as Json)?.[key], this.document);
    if (documented === undefined) throw new Error(`${said}: not documented at ${at.join(' ')}`);
    const { content = {}, headers = {} } = documented as DocumentedAnswer;
    this.checkHeaders(said, answer, headers);
    const type = String(answer.headers['content-type']).split(';', 1)[0] ?? '';
    if (content[type] === undefined) throw new Error(`${said} as ${type}: not documented`);
    const validate = this.compile([...at, 'content', type, 'schema']);
    if (!validate(type.endsWith('json') ? answer.json : answer.text)) {
      throw new Error(`${said}: ${this.ajv.errorsText(validate.errors)}`);
    }
    if (answer.status >= 400) this.seen.add(`${answer.status} ${String(answer.json?.code)}`);
  }

  private checkHeaders(
    said: string,
    answer: Answer,
    documented: NonNullable<DocumentedAnswer['headers']>,
  ): void {
    for (const [name, { $ref }] of Object.entries(documented)) {
      const component = $ref.split('/').at(-1) ?? '';
      const { required = false, schema } = this.document.components.headers[component]!;
      const text = answer.headers[name.toLowerCase()];
      if (text === undefined && required) throw new Error(`${said} without ${name}`);
      if (text === undefined) continue;
      const value = schema['type'] === 'integer' ? Number(text) : text;
      if (!this.ajv.validate(schema, value))
        throw new Error(`${said} with ${name}: ${String(text)}`);
    }
    const undocumented = ['retry-after', 'www-authenticate'].filter(
      (name) => name in answer.headers && !Object.keys(documented).map(lower).includes(name),
    );
    if (undocumented.length > 0) throw new Error(`${said} with ${undocumented.join(', ')}`);
  }

  /** The path of the document that a request goes to: one without parameters first. */
  private templateOf(path: string): string | null {
    const [bare = ''] = path.split('?', 1);
    const fits = Object.keys(this.document.paths).filter((template) =>
      new RegExp(`^${template.replaceAll(/\{\w+\}/g, '[^/]+')}$`).test(bare),
    );
    return fits.find((template) => !template.includes('{')) ?? fits[0] ?? null;
  }
}

const lower = (text: string): string => text.toLowerCase();

const pointer = (key: string): string =>
  encodeURIComponent(key.replaceAll('~', '~0').replaceAll('/', '~1'));

/**
 * The same schemas, in which an object has no other properties than those that are named: the document leaves
 * room for more, an answer has what is documented.
 */
function closed(part: unknown, isBase = false): unknown {
  if (Array.isArray(part)) return part.map((item) => closed(item));
  if (typeof part !== 'object' || part === null) return part;
  const entries = Object.entries(part).map(([key, value]): [string, unknown] => {
    if (key === 'examples' || key === 'example') return [key, value];
    if (key === 'allOf') return [key, (value as unknown[]).map((item) => closed(item, true))];
    return [key, closed(value, key === 'Problem')];
  });
  const isOpen = isBase || 'additionalProperties' in part;
  const isObject = ('properties' in part && 'type' in part) || 'allOf' in part;
  return Object.fromEntries(
    isObject && !isOpen ? [...entries, ['unevaluatedProperties', false]] : entries,
  );
}
