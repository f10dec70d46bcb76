/** Stands in every mail of ours: one that comes back is never a question. */
export const OWN_HEADER = "X-Claude-Orchestrator";
