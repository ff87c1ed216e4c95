/** Hooks of Node's ESM loader: tell a port the URL of each module that is imported. */
let port;

export function initialize(data) {
  ({ port } = data);
}

export async function resolve(specifier, context, next) {
  const resolved = await next(specifier, context);
  port.postMessage(resolved.url);
  return resolved;
}
