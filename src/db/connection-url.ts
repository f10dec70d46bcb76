/** The values of sslmode that mean in PostgreSQL's own library something else than in the driver. */
const LIBPQ_MODES = new Set(["prefer", "require", "verify-ca"]);

/**
 * The same connection URL, with `sslmode` read as psql reads it; left alone, the driver (pg 8) takes every mode below
 * verify-full for verify-full.
 *
 * - no sslmode, `disable`: no TLS
 * - `require`: TLS, certificate not checked; with `sslrootcert` as verify-ca
 * - `prefer`: as require; there is no fallback to a connection without TLS
 * - `verify-ca`: the certificate must come from `sslrootcert`, for whatever name
 * - `verify-full`: it must also name the host; without `sslrootcert` Node's own list of authorities counts
 */
export function connectionUrl(databaseUrl: string): string {
  const url = new URL(databaseUrl);
  if (LIBPQ_MODES.has(url.searchParams.get("sslmode") ?? "")) url.searchParams.set("uselibpqcompat", "true");
  return url.href;
}
