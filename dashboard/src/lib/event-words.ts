import type { SessionEvent } from "../../../src/contract/event.ts";
import { timeOfDay } from "./format.ts";

type Data = SessionEvent["data"];

const word = (data: Data, name: string): string => {
  const value = data[name];
  return typeof value === "string" || typeof value === "number" ? String(value) : "";
};

function retryText(data: Data): string {
  const status = word(data, "status");
  const most = word(data, "maxRetries");
  return `Retry ${word(data, "attempt")}${most && ` of ${most}`}${status && `, API ${status}`}`;
}

function limitText(data: Data): string {
  const resets = data["resetsAt"];
  if (typeof resets !== "number") return "";
  return word(data, "status") === "rejected"
    ? `Usage limit until ${timeOfDay(new Date(resets * 1_000).toISOString())}`
    : "";
}

/** What an event says in the conversation; empty when it says nothing there. A subagent's own words stay with its call. */
export function eventText(event: SessionEvent): string {
  const { data, type } = event;
  if (type === "text" && typeof data["agent"] === "string") return "";
  const told = word(data, "text") || word(data, "message");
  if (told) return told;
  if (type === "retry") return retryText(data);
  return type === "limit" ? limitText(data) : "";
}
