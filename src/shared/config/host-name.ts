/** The name in a Host header, lower-case, without port and without an IPv6 address's brackets. */
export function hostName(host: string): string {
  const match = /^\[([^\]]+)\](?::\d+)?$/.exec(host) ?? /^([^:]*)(?::\d+)?$/.exec(host);
  return (match?.[1] ?? host).toLowerCase();
}
