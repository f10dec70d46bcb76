/**
 * Every job on one page. A job says only that something should be looked at; what there is to do stands in the
 * ledger, so that a lost, doubled or refused job does no harm.
 */

/**
 * "Look at this session: it may have something to run, to stop or to finish." The session is the job's key; there is no
 * payload. Each worker has a queue of its own, because a session's workspace lies with one worker.
 */
export const advanceQueue = (workerId: string): string => `runs.${workerId}`;
