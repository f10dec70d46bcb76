/** One server-sent event as a client sees it. */
export interface StreamedEvent {
  id: string | undefined;
  event: string;
  data: string;
}

/** Reads an event stream the way a browser does; ends with the stream, throws when it is broken off. */
export async function* readEvents(response: Response): AsyncGenerator<StreamedEvent> {
  if (!response.ok || !response.body)
    throw new Error(`the stream answered ${response.status}: ${await response.text()}`);
  let buffered = "";
  for await (const piece of response.body.pipeThrough(new TextDecoderStream())) {
    buffered += piece;
    const frames = buffered.split("\n\n");
    buffered = frames.pop() ?? "";
    for (const frame of frames) {
      const event = parseFrame(frame);
      if (event) yield event;
    }
  }
}

function parseFrame(frame: string): StreamedEvent | undefined {
  const fields = new Map<string, string>();
  for (const line of frame.split("\n")) {
    const [, name = "", value = ""] = /^([^:]*): ?(.*)$/s.exec(line) ?? [];
    fields.set(name, fields.has(name) ? `${fields.get(name)}\n${value}` : value);
  }
  const data = fields.get("data");
  return data === undefined ? undefined : { id: fields.get("id"), event: fields.get("event") ?? "message", data };
}
