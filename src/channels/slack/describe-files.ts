import { z } from "zod";
import { SlackFile } from "./post.ts";
import type { SlackTeam } from "./slack-clients.ts";

const Answer = z.object({ file: SlackFile });

/** In shared channels an event names a file only; what it is, is asked. What Slack does not say stays as it is. */
export function describeFiles(
  files: readonly SlackFile[],
  team: Pick<SlackTeam, "interactive"> | undefined,
): Promise<SlackFile[]> {
  return Promise.all(
    files.map(async (file) => {
      if (file.file_access !== "check_file_info" || !team) return file;
      const answer = await team.interactive.files.info({ file: file.id }).catch(() => undefined);
      const read = Answer.safeParse(answer);
      return read.success ? read.data.file : file;
    }),
  );
}
