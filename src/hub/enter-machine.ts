import { randomUUID } from "node:crypto";
import type { WebSocket } from "ws";
import { type MachineFrame, REPORTS_CAPABILITY, TUNNEL_CAPABILITY } from "../contract/orchestrator-frames.ts";
import { CLOSE } from "./close-codes.ts";
import { HUB_LIMITS } from "./limits.ts";
import { answersPing } from "./liveness.ts";
import { closeSocket, createMachineLink, type MachineLink, sendFrame } from "./machine-link.ts";
import { markDisconnected } from "./machine-queries.ts";
import type { MachineSocketParts } from "./machine-socket.ts";
import { findPlaces, registerMachine, type Registration } from "./register-queries.ts";

type Register = Extract<MachineFrame, { type: "register" }>;

/** What we use of what a machine can. */
const OURS: readonly string[] = [TUNNEL_CAPABILITY, REPORTS_CAPABILITY];

interface Entering {
  socket: WebSocket;
  token: { id: string; userId: string };
  frame: Register;
}

/** Makes this socket the one that speaks for its machine, and tells it so. Undefined when it may not. */
export async function enterMachine(
  parts: MachineSocketParts,
  { socket, token, frame }: Entering,
): Promise<MachineLink | undefined> {
  const { db, links, secrets } = parts;
  const wanted = registrationOf(frame, { token, processId: parts.processId });
  await freeDeadPlaces(parts, wanted);
  // When many come at once it waits here for its turn, and may have given up meanwhile.
  if (socket.readyState !== socket.OPEN) return undefined;
  const machineId = await registerMachine(db, wanted, parts.tell);
  if (machineId === undefined) {
    sendFrame(socket, { type: "registered", success: false, message: "Too many machines" });
    closeSocket(socket, CLOSE.refused, "Too many machines");
    return undefined;
  }
  const { connectionId, clientId, capabilities } = wanted;
  const link = createMachineLink(socket, {
    machineId,
    connectionId,
    clientId,
    capabilities,
    tokenId: token.id,
    userId: token.userId,
  });
  links.get(machineId)?.replaced();
  links.put(link);
  sendFrame(socket, {
    type: "registered",
    success: true,
    message: "",
    ...(capabilities.length > 0 && { capabilities: [...capabilities], identity_keys: [secrets.identityKey] }),
  });
  return link;
}

/** Another process of the same host may stand there still; if it does not answer it is gone, and its place is free. */
async function freeDeadPlaces({ db, links, tell }: MachineSocketParts, wanted: Registration): Promise<void> {
  const taken = await findPlaces(db, wanted);
  if (taken.some(({ clientId }) => clientId === wanted.clientId)) return;
  const here = taken.flatMap(({ id }) => links.get(id) ?? []);
  await Promise.all(
    here.map(async (link) => {
      if (await answersPing(link.socket, HUB_LIMITS.probeMs)) return;
      link.socket.terminate();
      await markDisconnected(
        db,
        { id: link.machineId, connectionId: link.connectionId },
        { text: "it answered no more", tell },
      );
    }),
  );
}

/** What a machine says of itself is shown to people and stored: bounded, and without what PostgreSQL cannot hold. */
const clean = (text: string | null | undefined, longest: number): string =>
  (text ?? "")
    .replaceAll(/[\u0000-\u001f\u007f]/gu, " ")
    .toWellFormed()
    .slice(0, longest);

function registrationOf(
  { client_id: clientId, metadata }: Register,
  { token, processId }: { token: { id: string; userId: string }; processId: string },
): Registration {
  const given = metadata.capabilities ?? [];
  return {
    tokenId: token.id,
    userId: token.userId,
    clientId: clean(clientId, 200),
    hostname: clean(metadata.hostname, 253) || "unknown",
    project: clean(metadata.project, 4096),
    status: metadata.status === "active" || metadata.status === "busy" ? metadata.status : "idle",
    version: clean(metadata.version, 100) || null,
    platform: clean(metadata.platform, 100) || null,
    callbackUrl: httpUrl(metadata.callback_url),
    capabilities: OURS.filter((capability) => given.includes(capability)),
    processId,
    connectionId: randomUUID(),
  };
}

function httpUrl(text: string | null | undefined): string | null {
  const url = URL.parse(text ?? "");
  return url && /^https?:$/u.test(url.protocol) && url.username === "" && url.password === "" ? url.href : null;
}
