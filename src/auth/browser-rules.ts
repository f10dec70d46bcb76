import type { IncomingMessage } from "node:http";
import { AppError } from "../lib/errors.ts";
import { hostName, isLoopbackName, plainAddress } from "./host-names.ts";

/** Set by reverse proxies: the peer's address then says nothing about who is asking. */
const FORWARDING_HEADERS = [
  "forwarded",
  "via",
  "x-forwarded-for",
  "x-forwarded-host",
  "x-forwarded-proto",
  "x-forwarded-port",
  "x-forwarded-server",
  "x-real-ip",
  "x-client-ip",
  "true-client-ip",
  "cf-connecting-ip",
];

export const isForwarded = (req: IncomingMessage): boolean =>
  FORWARDING_HEADERS.some((name) => req.headers[name] !== undefined);

export interface KnownHosts {
  publicUrl?: string | undefined;
  allowedHosts: readonly string[];
}

/**
 * The rules for requests that carry no key, so that a page on another site cannot make a browser on this machine ask for
 * it: a Host we know (against DNS rebinding), no foreign Origin, and for writes a content type no form can send.
 */
export function createBrowserRules({ publicUrl, allowedHosts }: KnownHosts) {
  const publicOrigin = publicUrl === undefined ? undefined : new URL(publicUrl);
  const publicHost = hostName(publicOrigin?.host);
  const allowed = new Set([publicHost, ...allowedHosts.map((host) => hostName(host))]);
  return {
    publicHost,
    /** Throws "forbidden" or "unsupported_media_type" when a browser could have been tricked into this request. */
    check(req: IncomingMessage): void {
      const name = hostName(req.headers.host);
      if (name === undefined || !(isLoopbackName(name) || allowed.has(name) || isOwnAddress(req, name))) {
        throw new AppError(
          "forbidden",
          `Host ${shown(req.headers.host)} is not known here; add it to ALLOWED_HOSTS or send an API key`,
        );
      }
      checkOrigin(req, publicOrigin?.origin);
      if (isWrite(req)) checkContentType(req);
    },
  };
}

/** The address the client connected to: a name server cannot have put it into the Host header. */
const isOwnAddress = (req: IncomingMessage, name: string): boolean =>
  name === plainAddress(req.socket.localAddress ?? "");

const isWrite = ({ method }: IncomingMessage): boolean => method !== "GET" && method !== "HEAD" && method !== "OPTIONS";

function checkOrigin(req: IncomingMessage, publicOrigin: string | undefined): void {
  const { origin, host } = req.headers;
  if (origin !== undefined && origin !== publicOrigin && origin !== `http://${host}` && origin !== `https://${host}`) {
    throw new AppError("forbidden", `Origin ${shown(origin)} may not use this server; send an API key instead`);
  }
  if (req.headers["sec-fetch-site"] === "cross-site" && !isLinkFollowed(req)) {
    throw new AppError("forbidden", "Another site may not use this server from a browser; send an API key instead");
  }
}

/** A person who follows a link to us sees the page; the site with the link does not. */
const isLinkFollowed = (req: IncomingMessage): boolean =>
  req.method === "GET" && req.headers["sec-fetch-mode"] === "navigate" && req.headers["sec-fetch-dest"] === "document";

function checkContentType(req: IncomingMessage): void {
  const type = req.headers["content-type"];
  if (type === undefined ? !hasBody(req) : isJsonType(type) || isMailType(type)) return;
  throw new AppError(
    "unsupported_media_type",
    `Send the body as application/json (a mail as message/rfc822), not ${type === undefined ? "without a type" : shown(type)}`,
  );
}

export const hasBody = (req: IncomingMessage): boolean =>
  req.headers["transfer-encoding"] !== undefined || Number(req.headers["content-length"] ?? 0) > 0;

/** `application/json` or `application/…+json`, with or without a charset. */
export const isJsonType = (type: string): boolean => /^application\/(?:[\w.-]+\+)?json\s*(?:;|$)/iu.test(type);

/** A mail as it is, which a mail server on this machine hands in. Like JSON it is no type of a form: a page would have to ask first. */
const isMailType = (type: string): boolean => /^message\/rfc822\s*(?:;|$)/iu.test(type);

const shown = (text: string | undefined): string => JSON.stringify((text ?? "").slice(0, 100));
