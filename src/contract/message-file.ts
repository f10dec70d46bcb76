import { z } from "zod";

/** What one message may bring, and one answer may take along. */
export const MAX_FILES = 10;
export const MAX_FILE_BYTES = 20 * 1024 * 1024;
export const MAX_FILES_BYTES = 50 * 1024 * 1024;

export const MessageFile = z
  .object({
    name: z.string().meta({ description: "Made safe; also its name in the workspace." }),
    mediaType: z.string().meta({ description: "What the sender said it is." }),
    size: z.int().meta({ description: "In bytes." }),
  })
  .meta({ id: "MessageFile" });
export type MessageFile = z.infer<typeof MessageFile>;
