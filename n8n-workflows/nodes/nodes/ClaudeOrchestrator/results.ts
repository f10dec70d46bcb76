import type { Fields } from './requests';

const ENDED = ['succeeded', 'failed', 'cancelled'];

/** What became of a run as the node hands it on: the callback's body, and a plain word on whether it has ended. */
export function resultItem(result: Fields): Fields {
	return { ...result, ended: ENDED.includes(String(result.status)) };
}

/** The answer to a request that waited: its result, or where to look for it. */
export function answerItem(answer: Fields): Fields {
	const { result, sessionId, runId, status } = answer;
	if (typeof result === 'object' && result !== null) return resultItem(result as Fields);
	return { sessionId, runId, status, answer: null, ended: false };
}
