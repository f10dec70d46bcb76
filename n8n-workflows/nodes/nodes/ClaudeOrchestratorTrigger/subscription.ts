import { items, type ApiRequest, type Fields } from '../ClaudeOrchestrator/requests';

export interface Wanted {
	url: string;
	types: string[];
	projects: string[];
	statuses: string[];
}

/** A subscription as the API shows it, in what matters here. */
export interface Known extends Wanted {
	enabled: boolean;
}

const PATH = '/api/subscriptions';
const NAME_LETTERS = 200;

export const wanted = (url: string, types: string[], filters: Fields): Wanted => ({
	url,
	types,
	projects: items(filters.projects),
	statuses: items(filters.statuses),
});

export const createRequest = (subscription: Wanted, workflow: string): ApiRequest => ({
	method: 'POST',
	path: PATH,
	body: { ...subscription, name: `n8n: ${workflow}`.slice(0, NAME_LETTERS) },
});

export const readRequest = (id: string): ApiRequest => ({
	method: 'GET',
	path: `${PATH}/${encodeURIComponent(id)}`,
});

export const deleteRequest = (id: string): ApiRequest => ({
	method: 'DELETE',
	path: `${PATH}/${encodeURIComponent(id)}`,
});

const same = (a: string[], b: string[]): boolean =>
	a.length === b.length && a.every((item) => b.includes(item));

/** Whether what the orchestrator has is what this node wants; else it is made anew. */
export const isStillWanted = (known: Known, want: Wanted): boolean =>
	known.enabled &&
	known.url === want.url &&
	same(known.types, want.types) &&
	same(known.projects, want.projects) &&
	same(known.statuses, want.statuses);
