import { SessionEvent } from "../contract/event.ts";

/** A line of an event stream that is longer than this is no event of ours. */
const MAX_FRAME = 8 * 1024 * 1024;

/** The events of a session's feed as they arrive; ends with the stream. */
export async function* readSessionEvents(body: ReadableStream<Uint8Array>): AsyncGenerator<SessionEvent> {
  for await (const { event, data } of readFrames(body)) {
    if (event !== "event") continue;
    const parsed = SessionEvent.safeParse(JSON.parse(data));
    // A kind of event that a newer server knows is none that we could show.
    if (parsed.success) yield parsed.data;
  }
}

async function* readFrames(body: ReadableStream<Uint8Array>): AsyncGenerator<{ event: string; data: string }> {
  const decoder = new TextDecoder();
  let rest = "";
  for await (const bytes of body) {
    rest += decoder.decode(bytes, { stream: true });
    if (rest.length > MAX_FRAME) throw new Error("an event of the stream is too long");
    const frames = rest.split("\n\n");
    rest = frames.pop() ?? "";
    for (const frame of frames) {
      const found = parseFrame(frame);
      if (found) yield found;
    }
  }
}

function parseFrame(frame: string): { event: string; data: string } | undefined {
  const lines = frame.split("\n");
  const values = (name: string) =>
    lines.filter((line) => line.startsWith(`${name}:`)).map((line) => line.slice(name.length + 1).replace(/^ /u, ""));
  const data = values("data");
  return data.length === 0 ? undefined : { event: values("event").at(-1) ?? "message", data: data.join("\n") };
}
