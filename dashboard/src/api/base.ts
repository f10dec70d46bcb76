/** Where the console is served: above its own assets once built, so that a proxy may put it below a path; `/` before. */
const root = import.meta.env.PROD ? new URL("..", import.meta.url) : new URL("/", location.href);

/** The address of an API path. */
export function apiUrl(path: string): string {
  return new URL(path.replace(/^\//u, ""), root).href;
}

/** The path the console itself is served under, for the router: `/` or `/prefix/`. */
export const basePath = (): string => root.pathname;
