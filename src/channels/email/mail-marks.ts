/** Stands at the top of every mail of ours, in its text and its HTML: what follows it in a reply is a quote. */
export const REPLY_LINE = "##- Reply above this line -##";

/** Stands in every mail of ours: one that comes back is never a question. */
export const OWN_HEADER = "X-Claude-Orchestrator";
