import type { IncomingMessage, ServerResponse } from "node:http";
import { checkBlocks } from "./block-rules.ts";
import { SlackError } from "./slack-error.ts";
import { asText, type FakeFile, type FakeMessage, type FakeTeam, type Json } from "./state.ts";
import type { World } from "./world.ts";

const MAX_RESPONSES = 5;

type ResponseUrl = World["responseUrls"] extends Map<string, infer One> ? One : never;

/** What a browser gets who asks for a file without the right token: a sign-in page, not an error. */
const SIGN_IN = "<!DOCTYPE html><html><title>Sign in to Slack</title></html>";

/** The file that a path names, and its workspace. */
function fileAt(world: World, path: string): { team: FakeTeam; file: FakeFile } | undefined {
  const [, teamId = "", fileId = ""] = /^\/files-pri\/(T\w+)-(F\w+)\//.exec(path) ?? [];
  const team = world.teams.get(teamId);
  const file = team?.files.get(fileId);
  return team && file ? { team, file } : undefined;
}

/** The file itself for the bot of its workspace. */
function download(world: World, req: IncomingMessage, res: ServerResponse, path: string): void {
  const found = fileAt(world, path);
  if (!found) return void res.writeHead(404).end();
  const { team, file } = found;
  const right = req.headers.authorization === `Bearer ${team.botToken}` && team.installed;
  world.calls.push({
    at: Date.now(),
    method: "download",
    team: team.id,
    args: { file: file.id, right },
    answer: {},
    status: 200,
  });
  if (!right || !team.scopes.includes("files:read")) {
    if (req.headers.authorization !== undefined) world.faults.push(`file ${file.id} was asked for with a wrong token`);
    return void res.writeHead(200, { "content-type": "text/html; charset=utf-8" }).end(SIGN_IN);
  }
  return void res
    .writeHead(200, { "content-type": file.mimetype, "content-length": file.content.length })
    .end(file.content);
}

/** Takes the bytes of an upload: raw, or the first part of a multipart form. */
function upload(world: World, req: IncomingMessage, res: ServerResponse, given: { path: string; body: Buffer }): void {
  const waiting = world.uploads.get(given.path.split("/").at(-1) ?? "");
  if (!waiting) return void res.writeHead(404).end();
  const boundary = /boundary=(.+)$/.exec(req.headers["content-type"] ?? "")?.[1];
  waiting.content = boundary === undefined ? given.body : partOf(given.body, boundary.replaceAll('"', ""));
  if (waiting.content.length !== waiting.length)
    world.faults.push(`${waiting.name}: ${waiting.length} bytes were announced, ${waiting.content.length} came`);
  return void res.writeHead(200, { "content-type": "text/plain" }).end(`OK - ${waiting.content.length}`);
}

function partOf(body: Buffer, boundary: string): Buffer {
  const start = body.indexOf("\r\n\r\n") + 4;
  const end = body.indexOf(`\r\n--${boundary}`, start);
  return body.subarray(start, end === -1 ? undefined : end);
}

/** Why Slack refuses these blocks; undefined when it takes them. */
function refusalOf(blocks: Json[]): string | undefined {
  try {
    checkBlocks(blocks);
    return undefined;
  } catch (error) {
    return error instanceof SlackError ? error.code : "fatal_error";
  }
}

/** A message beside the one that a response_url belongs to. */
function addResponse(world: World, team: FakeTeam, given: { link: ResponseUrl; body: Json; blocks: Json[] }): void {
  const { link, body, blocks } = given;
  const ephemeralTo = body["response_type"] === "in_channel" ? undefined : link.user;
  const threadTs = typeof body["thread_ts"] === "string" ? body["thread_ts"] : undefined;
  const place = { channel: link.channel, ts: world.newTs(), threadTs };
  const text = asText(body["text"]);
  world.post(team, { ...place, user: team.botUserId, botId: team.botId, text, blocks, ephemeralTo });
}

/** Does what a response asks: with the message it belongs to, or beside it. */
function carryOut(world: World, team: FakeTeam, given: { link: ResponseUrl; body: Json; blocks: Json[] }): void {
  const { body, blocks } = given;
  const original = given.link.message;
  if (original && body["delete_original"] === true) original.deleted = true;
  else if (original && body["replace_original"] === true) replace(original, asText(body["text"]), blocks);
  else addResponse(world, team, given);
  if (original) world.changed(team, original, false);
}

/** A response_url: replaces or deletes the message it belongs to, or adds one that (by default) one user sees. */
function respond(world: World, res: ServerResponse, given: { path: string; body: Buffer }): void {
  const link = world.responseUrls.get(given.path.split("/").at(-1) ?? "");
  const team = world.teams.get(link?.team ?? "");
  if (!link || !team) return void res.writeHead(404).end("used_url");
  link.uses += 1;
  const body = JSON.parse(given.body.toString()) as Json;
  world.calls.push({ at: Date.now(), method: "response_url", team: team.id, args: body, answer: {}, status: 200 });
  if (link.uses > MAX_RESPONSES) return void res.writeHead(404).end("used_url");
  const blocks = (body["blocks"] ?? []) as Json[];
  const refusal = refusalOf(blocks);
  if (refusal !== undefined) return void res.writeHead(400).end(refusal);
  carryOut(world, team, { link, body, blocks });
  return void res.writeHead(200).end("ok");
}

function replace(message: FakeMessage, text: string, blocks: Json[]): void {
  message.text = text;
  message.blocks = blocks;
  message.markdown = "";
  message.edits += 1;
}

/** The page on which an admin allows the app; the workspace is named by `team`, else it is the first. */
function authorize(world: World, res: ServerResponse, url: URL): void {
  const redirectUri = url.searchParams.get("redirect_uri") ?? "";
  const team = world.teams.get(url.searchParams.get("team") ?? [...world.teams.keys()][0] ?? "");
  const asked = (url.searchParams.get("scope") ?? "").split(",").filter((scope) => scope !== "");
  if (url.searchParams.get("client_id") !== world.clientId || !team || redirectUri === "" || asked.length === 0)
    return void res.writeHead(400).end("Invalid client_id, scope or redirect_uri");
  team.scopes = asked;
  const code = world.newId("code");
  world.codes.set(code, { team: team.id, redirectUri });
  const back = new URL(redirectUri);
  back.searchParams.set("code", code);
  back.searchParams.set("state", url.searchParams.get("state") ?? "");
  return void res.writeHead(302, { location: back.href }).end();
}

/** Everything of slack.com that is no API method; false when there is no such page. */
export function answerPage(world: World, req: IncomingMessage, res: ServerResponse, body: Buffer): boolean {
  const url = new URL(req.url ?? "/", world.origin);
  const given = { path: url.pathname, body };
  if (url.pathname.startsWith("/files-pri/")) download(world, req, res, url.pathname);
  else if (url.pathname.startsWith("/upload/v1/")) upload(world, req, res, given);
  else if (url.pathname.startsWith("/response/")) respond(world, res, given);
  else if (url.pathname === "/oauth/v2/authorize") authorize(world, res, url);
  else return false;
  return true;
}
