/** The address of an API path. `<base href>` decides the prefix, so that a proxy may serve the console below a path. */
export function apiUrl(path: string): string {
  return new URL(path.replace(/^\//u, ""), document.baseURI).href;
}

/** The path the console itself is served under, for the router: `/` or `/prefix/`. */
export function basePath(): string {
  return new URL(document.baseURI).pathname;
}
