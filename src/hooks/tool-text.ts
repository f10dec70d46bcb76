const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === "object" && value !== null && !Array.isArray(value);

/**
 * What a tool answered, as text: Bash's two outputs, the texts of a content list, a file that was read, the name of one
 * that was written; anything else stays JSON.
 */
export function responseText(response: unknown): string | null {
  if (response === null || response === undefined) return null;
  if (typeof response === "string") return response;
  if (Array.isArray(response)) return contentText(response) ?? JSON.stringify(response);
  if (!isObject(response)) return JSON.stringify(response);
  return outputText(response) ?? fileText(response) ?? contentText(response["content"]) ?? JSON.stringify(response);
}

function outputText({ stdout, stderr }: Record<string, unknown>): string | undefined {
  if (typeof stdout !== "string") return undefined;
  return typeof stderr === "string" && stderr !== ""
    ? [stdout, stderr].filter((text) => text !== "").join("\n")
    : stdout;
}

function fileText({ file, filePath, type }: Record<string, unknown>): string | undefined {
  if (isObject(file) && typeof file["content"] === "string") return file["content"];
  if (typeof filePath !== "string") return undefined;
  return type === "create" ? `File created: ${filePath}` : `File updated: ${filePath}`;
}

function contentText(content: unknown): string | undefined {
  if (typeof content === "string") return content;
  if (!Array.isArray(content) || content.length === 0) return undefined;
  const texts = content.map((part: unknown) =>
    isObject(part) && typeof part["text"] === "string" ? part["text"] : undefined,
  );
  return texts.every((text) => text !== undefined) ? texts.join("\n") : undefined;
}
