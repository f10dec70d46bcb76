import type { MachineLink } from "./machine-link.ts";

export type MachineLinks = ReturnType<typeof createMachineLinks>;

/** The machines that are connected to this process. */
export function createMachineLinks() {
  const byId = new Map<string, MachineLink>();

  return {
    get: (machineId: string): MachineLink | undefined => byId.get(machineId),
    all: (): IterableIterator<MachineLink> => byId.values(),
    put: (link: MachineLink): void => void byId.set(link.machineId, link),
    /** Unless a later socket of the machine has taken its place. */
    remove(link: MachineLink): void {
      if (byId.get(link.machineId) === link) byId.delete(link.machineId);
    },
    get size() {
      return byId.size;
    },
  };
}
