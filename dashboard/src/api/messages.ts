import { infiniteQueryOptions } from "@tanstack/react-query";
import { MessagePage, PostedMessage } from "../../../src/contract/message.ts";
import { request } from "./client.ts";
import { pollWithoutFeed } from "./polling.ts";

const PAGE = 100;

export const messagesQuery = (sessionId: string) =>
  infiniteQueryOptions({
    queryKey: ["messages", sessionId],
    queryFn: ({ signal, pageParam }) =>
      request(MessagePage, `/api/sessions/${sessionId}/messages`, {
        signal,
        query: { limit: PAGE, cursor: pageParam },
      }),
    initialPageParam: undefined as string | undefined,
    getNextPageParam: (page) => page.nextCursor ?? undefined,
    refetchInterval: pollWithoutFeed,
  });

export const postMessage = (sessionId: string, message: { content: string; steer: boolean }) =>
  request(PostedMessage, `/api/sessions/${sessionId}/messages`, {
    method: "POST",
    body: { content: message.content, source: "dashboard", ...(message.steer && { steer: true }) },
  });

/** Says something in a new conversation of Claude that begins with a summary of what was said. */
export const restartWith = (sessionId: string, content: string) =>
  request(PostedMessage, `/api/sessions/${sessionId}/messages`, {
    method: "POST",
    body: { content, source: "dashboard", restart: "summary" },
  });
