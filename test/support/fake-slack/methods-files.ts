import { flagArg, listArg, neededArg, textArg, threadArg, type Method, type MethodCall } from "./call.ts";
import { SlackError } from "./slack-error.ts";
import type { FakeFile, FakeTeam, Json } from "./state.ts";
import type { World } from "./world.ts";

const MAX_UPLOAD = 1024 ** 3;

/** A file as events and files.info give it; `url_private_download` wants the bot's token. */
export function presentFile(world: World, team: FakeTeam, file: FakeFile, whole = false): Json {
  if (file.checkInfo && !whole) return { id: file.id, mode: "file_access", file_access: "check_file_info" };
  const url = `${world.origin}/files-pri/${team.id}-${file.id}/download/${encodeURIComponent(file.name)}`;
  return {
    id: file.id,
    name: file.name,
    title: file.title,
    mimetype: file.mimetype,
    filetype: file.name.split(".").at(-1) ?? "",
    size: file.size,
    mode: "hosted",
    user: file.user,
    url_private: url,
    url_private_download: url,
    file_access: "visible",
  };
}

const getUploadUrl: Method = (call) => {
  const { world, team } = call;
  const name = neededArg(call, "filename");
  const length = Number(neededArg(call, "length"));
  if (!Number.isInteger(length) || length <= 0) throw new SlackError("invalid_arguments");
  if (length > MAX_UPLOAD) throw new SlackError("file_upload_size_restricted");
  const id = world.newId("F");
  world.uploads.set(id, { team: team.id, name, length, content: undefined });
  return { upload_url: `${world.origin}/upload/v1/${id}`, file_id: id };
};

function take({ world, team }: MethodCall, given: Json): FakeFile {
  const id = String(given["id"]);
  const upload = world.uploads.get(id);
  if (!upload || upload.team !== team.id) throw new SlackError("file_not_found");
  if (!upload.content) throw new SlackError("file_not_found", { reason: "nothing was uploaded" });
  world.uploads.delete(id);
  const { name, content } = upload;
  const title = typeof given["title"] === "string" ? given["title"] : name;
  const mimetype = "application/octet-stream";
  const file = { id, name, title, mimetype, content, user: team.botUserId, size: content.length, checkInfo: false };
  team.files.set(id, file);
  return file;
}

const completeUpload: Method = (call) => {
  const { world, team } = call;
  const files = (listArg(call, "files", "invalid_arguments") ?? []).map((given) => take(call, given));
  if (files.length === 0) throw new SlackError("invalid_arguments");
  const channelId = textArg(call, "channel_id") ?? textArg(call, "channels");
  if (channelId !== undefined) {
    const channel = team.channels.get(channelId);
    if (!channel) throw new SlackError("channel_not_found");
    if (!channel.members.has(team.botUserId)) throw new SlackError("not_in_channel");
    const threadTs = threadArg(call, channel);
    const place = { channel: channel.id, ts: world.newTs(), threadTs };
    const text = textArg(call, "initial_comment") ?? "";
    world.post(team, { ...place, user: team.botUserId, botId: team.botId, text, files });
  }
  return { files: files.map((file) => presentFile(world, team, file)) };
};

const info: Method = (call) => {
  const file = call.team.files.get(neededArg(call, "file"));
  if (!file) throw new SlackError("file_not_found");
  return { file: presentFile(call.world, call.team, file, true), truncated: flagArg(call, "truncated") };
};

export const FILE_METHODS: Readonly<Record<string, Method>> = {
  "files.getUploadURLExternal": getUploadUrl,
  "files.completeUploadExternal": completeUpload,
  "files.info": info,
};
