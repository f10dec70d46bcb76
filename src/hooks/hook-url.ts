/**
 * Where Claude on the server's own machine posts its hooks. Runs and `hooks install` use it letter for letter, so that
 * Claude posts a hook which both name only once.
 */
export function hookUrl({ host, port }: { host: string; port: number }): string {
  const name = ["0.0.0.0", "::", "localhost"].includes(host) ? "127.0.0.1" : host;
  return `http://${name.includes(":") ? `[${name}]` : name}:${port}/api/hooks`;
}
