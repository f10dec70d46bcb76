import { randomBytes } from "node:crypto";
import type { HeaderPairs, HttpProxyResponse, HubFrame } from "../contract/orchestrator-frames.ts";
import { AppError } from "../lib/errors.ts";
import { HUB_LIMITS } from "./limits.ts";

export interface PlainRequest {
  method: string;
  path: string;
  query?: string | undefined;
  headers: HeaderPairs;
  body?: string | undefined;
  proxyBase?: string | undefined;
}

/** HTTP to a machine that knows no tunnel: a whole request and a whole answer, one frame each. */
export function createPlainRequests(send: (frame: HubFrame) => boolean) {
  const open = new Map<string, { resolve: (answer: HttpProxyResponse) => void; reject: (error: AppError) => void }>();

  return {
    /** Throws "unavailable" when the machine is gone or busy, "upstream_failed" when it says nothing for 30 s. */
    async ask(request: PlainRequest): Promise<HttpProxyResponse> {
      if (open.size >= HUB_LIMITS.requestsPerMachine)
        throw new AppError("unavailable", "The machine has too many requests under way");
      const id = randomBytes(16).toString("hex");
      const { promise, resolve, reject } = Promise.withResolvers<HttpProxyResponse>();
      open.set(id, { resolve, reject });
      const timer = setTimeout(() => reject(new AppError("upstream_failed", TIMED_OUT)), HUB_LIMITS.firstByteMs);
      try {
        if (!send(frameOf(id, request))) throw new AppError("unavailable", "The machine is not connected");
        return await promise;
      } finally {
        clearTimeout(timer);
        open.delete(id);
      }
    },
    receive(answer: HttpProxyResponse): void {
      open.get(answer.request_id)?.resolve(answer);
    },
    /** The machine said that it cannot answer this one. */
    fail(requestId: string, message: string): void {
      open.get(requestId)?.reject(new AppError("upstream_failed", `The machine says: ${message.slice(0, 200)}`));
    },
    get size() {
      return open.size;
    },
    end(): void {
      for (const { reject } of open.values())
        reject(new AppError("upstream_failed", "The machine was disconnected before it answered"));
    },
  };
}

export const TIMED_OUT = "The machine did not answer in time";

const frameOf = (id: string, { method, path, query, headers, body, proxyBase }: PlainRequest): HubFrame => ({
  type: "http_proxy_request",
  request_id: id,
  method,
  path,
  headers,
  ...(query !== undefined && { query }),
  ...(body !== undefined && { body }),
  ...(proxyBase !== undefined && { proxy_base: proxyBase }),
});
