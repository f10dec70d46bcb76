import { hostName } from "../auth/host-names.ts";

const MACHINE_LABEL = /^m[0-9a-z]{15}$/;

export type HubNames = ReturnType<typeof createHubNames>;

/** The hub's own address, and those of its machines, each an origin of its own: `<machine>.<host of the hub>`. */
export function createHubNames(url: string) {
  const { protocol, host, hostname, origin } = new URL(url);
  const suffix = `.${hostname}`;

  return {
    origin,
    hostname,
    https: protocol === "https:",
    /** Where machines connect to. */
    machineUrl: `${origin.replace(/^http/u, "ws")}/ws/connect`,
    originOf: (machineId: string): string => `${protocol}//${machineId}.${host}`,
    /** The machine a Host header names; undefined when it names something else. */
    machineOf(hostHeader: string | undefined): string | undefined {
      const name = hostName(hostHeader) ?? "";
      const label = name.endsWith(suffix) ? name.slice(0, -suffix.length) : "";
      return MACHINE_LABEL.test(label) ? label : undefined;
    },
  };
}
