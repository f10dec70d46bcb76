import type { QueryClient } from "@tanstack/react-query";
import { z } from "zod";
import { HubMachine } from "../../../src/contract/hub.ts";
import { apiUrl } from "../api/base.ts";
import { feedState } from "../api/feed-state.ts";
import { eventsQuery, machinesQuery } from "./hub-api.ts";

/** What the hub says to browsers; other frames are for other uses of its socket. */
const Frame = z.discriminatedUnion("type", [
  z.object({ type: z.literal("client_list"), clients: z.array(HubMachine) }),
  z.object({ type: z.literal("client_update"), client: HubMachine }),
  z.object({ type: z.literal("client_disconnected"), client_id: z.string(), removed: z.literal(true).optional() }),
]);
type Frame = z.infer<typeof Frame>;

const AGAIN_MS = 1_000;
const AGAIN_AT_MOST_MS = 30_000;

function read(text: unknown): Frame | undefined {
  try {
    return Frame.safeParse(JSON.parse(String(text))).data;
  } catch {
    return undefined;
  }
}

/** The machines after a frame; a machine keeps its place when it changes. */
export function applyFrame(known: readonly HubMachine[], frame: Frame): HubMachine[] {
  if (frame.type === "client_list") return frame.clients;
  if (frame.type === "client_disconnected")
    return frame.removed ? known.filter(({ id }) => id !== frame.client_id) : [...known];
  const { client } = frame;
  const isKnown = known.some(({ id }) => id === client.id);
  return isKnown ? known.map((one) => (one.id === client.id ? client : one)) : [...known, client];
}

function take(client: QueryClient, frame: Frame): void {
  client.setQueryData(machinesQuery.queryKey, (known) => applyFrame(known ?? [], frame));
  if (frame.type === "client_update")
    void client.invalidateQueries({ queryKey: eventsQuery(frame.client.id).queryKey });
}

/** Whether the hub answers this browser; where it wants a sign-in first, the answer says so to the page. */
async function mayOpen(client: QueryClient): Promise<boolean> {
  try {
    await client.fetchQuery({ ...machinesQuery, staleTime: 0 });
    return true;
  } catch {
    return false;
  }
}

/** Opens the tab's one socket to the hub and keeps it open; each time it asks first. Returns its end. */
export function openMachineFeed(client: QueryClient): () => void {
  const address = apiUrl("/ws/connect?type=browser").replace(/^http/u, "ws");
  let socket: WebSocket | undefined;
  let timer: ReturnType<typeof setTimeout> | undefined;
  let ended = false;
  let failures = 0;
  const again = () => {
    if (ended) return;
    feedState.stream(false);
    const pause = Math.min(AGAIN_AT_MOST_MS, AGAIN_MS * 2 ** failures);
    failures += 1;
    timer = setTimeout(() => void open(), pause * (0.5 + Math.random() / 2));
  };
  const open = async () => {
    const isAnswered = await mayOpen(client);
    if (ended) return;
    if (!isAnswered) {
      again();
      return;
    }
    socket = new WebSocket(address);
    socket.addEventListener("open", () => {
      failures = 0;
      feedState.stream(true);
      socket?.send(JSON.stringify({ type: "get_clients" }));
    });
    socket.addEventListener("message", ({ data }) => {
      const frame = read(data);
      if (frame) take(client, frame);
    });
    socket.addEventListener("close", again);
  };
  void open();
  return () => {
    ended = true;
    clearTimeout(timer);
    socket?.close();
  };
}
