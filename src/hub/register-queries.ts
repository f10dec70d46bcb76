import { randomInt } from "node:crypto";
import { type Kysely, sql } from "kysely";
import type { DB } from "../db/schema.ts";
import { HUB_LIMITS } from "./limits.ts";
import { recordChange, type TellMachine } from "./machine-queries.ts";

export interface Registration {
  tokenId: string;
  userId: string;
  clientId: string;
  hostname: string;
  project: string;
  status: "idle" | "active" | "busy";
  version: string | null;
  platform: string | null;
  callbackUrl: string | null;
  capabilities: readonly string[];
  processId: string;
  connectionId: string;
}

/** The sockets that now stand for machines of this token and host name. */
export const findPlaces = (db: Kysely<DB>, { tokenId, hostname }: { tokenId: string; hostname: string }) =>
  db
    .selectFrom("hub.machines")
    .select(["id", "clientId", "processId", "connectionId"])
    .where("tokenId", "=", tokenId)
    .where("hostname", "=", hostname)
    .where("connectionId", "is not", null)
    .execute();

/**
 * The machine this registration is: the one of the same token and host name, so that it is found again after a restart
 * under another client id. Only while that one is connected under another name is it a further one of its host. The new
 * socket speaks for the machine from here on. Undefined when the user, or the host, has too many.
 */
export function registerMachine(db: Kysely<DB>, it: Registration, tell: TellMachine): Promise<string | undefined> {
  return db.transaction().execute(async (tx) => {
    // One registration of a token at a time: two sockets must not both find the same place free.
    await tx.selectFrom("hub.tokens").select("id").where("id", "=", it.tokenId).forUpdate().execute();
    const known = await tx
      .selectFrom("hub.machines")
      .select(["id", "instance", "clientId", "connectionId"])
      .where("tokenId", "=", it.tokenId)
      .where("hostname", "=", it.hostname)
      .orderBy("instance")
      .execute();
    const place =
      known.find(({ clientId }) => clientId === it.clientId) ?? known.find((one) => one.connectionId === null);
    const id = place?.id ?? (await addPlace(tx, it, known.length));
    if (id === undefined) return undefined;
    await occupy(tx, id, it);
    const text = `${it.hostname} ${it.project}${place?.connectionId ? ", in place of its former connection" : ""}`;
    await recordChange(tx, { id, kind: "connected", text }, tell);
    return id;
  });
}

const details = (it: Registration) => ({
  clientId: it.clientId,
  project: it.project,
  version: it.version,
  platform: it.platform,
  callbackUrl: it.callbackUrl,
  capabilities: JSON.stringify(it.capabilities),
  status: it.status,
});

async function addPlace(tx: Kysely<DB>, it: Registration, instance: number): Promise<string | undefined> {
  if (instance >= HUB_LIMITS.instancesPerHost) return undefined;
  const owned = await tx
    .selectFrom("hub.machines")
    .select((eb) => eb.fn.countAll<number>().as("count"))
    .where("userId", "=", it.userId)
    .executeTakeFirst();
  if ((owned?.count ?? 0) >= HUB_LIMITS.machinesPerUser) return undefined;
  const id = newMachineId();
  await tx
    .insertInto("hub.machines")
    .values({ id, userId: it.userId, tokenId: it.tokenId, hostname: it.hostname, instance, ...details(it) })
    .execute();
  return id;
}

async function occupy(tx: Kysely<DB>, id: string, it: Registration): Promise<void> {
  await tx
    .updateTable("hub.machines")
    .set({
      ...details(it),
      processId: it.processId,
      connectionId: it.connectionId,
      orchestrationRunning: null,
      orchestrationDesired: null,
      connectedAt: sql<Date>`now()`,
      lastSeenAt: sql<Date>`now()`,
      lastActivityAt: sql<Date>`now()`,
    })
    .where("id", "=", id)
    .execute();
}

const ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz";

/** A DNS label nobody can guess: it says nothing of the machine, and another hub's link does not hit one of ours. */
const newMachineId = (): string =>
  `m${Array.from({ length: 15 }, () => ALPHABET[randomInt(ALPHABET.length)]).join("")}`;
