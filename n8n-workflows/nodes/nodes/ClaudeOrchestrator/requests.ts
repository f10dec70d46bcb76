/**
 * What goes to the orchestrator: bodies that hold only what was said. Pure functions; they know nothing of n8n.
 */

/** One request, without the server's address and key. */
export interface ApiRequest {
	method: 'GET' | 'POST' | 'DELETE';
	path: string;
	body?: Fields;
	query?: Fields;
	/** Sent with it, so that a request that comes twice does nothing twice. */
	idempotencyKey?: string;
}

export type Fields = Record<string, unknown>;

/** A callback wanted by a time, or an answer that is held back for some seconds. */
export type Waiting =
	| { by: 'callback'; callbackUrl: string; deadlineSeconds: number }
	| { by: 'request'; seconds: number };

/** What the server allows. */
export const MAX_WAIT_SECONDS = 300;
export const MAX_DEADLINE_SECONDS = 604_800;
const MIN_DEADLINE_SECONDS = 10;

const isSaid = (value: unknown): boolean =>
	value !== undefined &&
	value !== null &&
	value !== '' &&
	!(Array.isArray(value) && value.length === 0);

/** Only the fields that say something. */
export const said = (fields: Fields): Fields =>
	Object.fromEntries(Object.entries(fields).filter(([, value]) => isSaid(value)));

/** `a, b` or a list → the items. */
export function items(value: unknown): string[] {
	const parts = Array.isArray(value) ? value.map(String) : String(value ?? '').split(',');
	return parts.map((part) => part.trim()).filter((part) => part !== '');
}

/** Undefined for what is no JSON. */
function parsed(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return undefined;
	}
}

/** JSON as a text or as what an expression made of it; throws on what is no object. */
export function jsonObject(value: unknown, name: string): Fields | undefined {
	if (!isSaid(value)) return undefined;
	const object = typeof value === 'string' ? parsed(value) : value;
	if (typeof object !== 'object' || object === null || Array.isArray(object))
		throw new Error(`${name} must be a JSON object`);
	return Object.keys(object).length === 0 ? undefined : (object as Fields);
}

/** Rules such as `Bash(npm test:*)` may hold commas: one rule a line. */
const rules = (value: unknown): string[] =>
	String(value ?? '')
		.split('\n')
		.map((line) => line.trim())
		.filter((line) => line !== '');

/** The node's extra fields as the API names and writes them. */
export function optionFields(options: Fields): Fields {
	const { tags, allowedTools, disallowedTools, metadata, jsonSchema, ...rest } = options;
	return said({
		...rest,
		tags: items(tags),
		allowedTools: rules(allowedTools),
		disallowedTools: rules(disallowedTools),
		metadata: jsonObject(metadata, 'Metadata'),
		jsonSchema: jsonObject(jsonSchema, 'JSON Schema'),
	});
}

function waitingFields(waiting: Waiting): Fields {
	if (waiting.by === 'request')
		return { wait: Math.max(0, Math.min(waiting.seconds, MAX_WAIT_SECONDS)) };
	const seconds = Math.round(waiting.deadlineSeconds);
	return {
		callbackUrl: waiting.callbackUrl,
		callbackDeadlineSeconds: Math.max(
			MIN_DEADLINE_SECONDS,
			Math.min(seconds, MAX_DEADLINE_SECONDS),
		),
	};
}

export interface StartParameters {
	workIn: 'github' | 'local' | 'worktree' | 'template';
	githubRepo?: string;
	projectPath?: string;
	template?: string;
	variables?: unknown;
	prompt?: string;
	options: Fields;
}

function placeOf({
	workIn,
	githubRepo,
	projectPath,
	template,
	variables,
}: StartParameters): Fields {
	if (workIn === 'template')
		return said({ template, variables: jsonObject(variables, 'Variables') });
	if (workIn === 'github') return { projectType: workIn, githubRepo };
	return { projectType: workIn, projectPath };
}

export function startRequest(
	parameters: StartParameters,
	waiting: Waiting,
	idempotencyKey: string,
): ApiRequest {
	const { prompt, options } = parameters;
	const body = {
		...placeOf(parameters),
		...said({ initialPrompt: prompt }),
		...optionFields(options),
		...waitingFields(waiting),
		source: 'n8n',
	};
	return { method: 'POST', path: '/api/sessions', body, idempotencyKey };
}

export interface ContinueParameters {
	sessionId: string;
	prompt: string;
	author?: string;
	metadata?: unknown;
}

export function continueRequest(
	{ sessionId, prompt, author, metadata }: ContinueParameters,
	waiting: Waiting,
	idempotencyKey: string,
): ApiRequest {
	const body = {
		content: prompt,
		...said({ author, metadata: jsonObject(metadata, 'Metadata') }),
		...waitingFields(waiting),
		source: 'n8n',
	};
	return { method: 'POST', path: `${sessionPath(sessionId)}/messages`, body, idempotencyKey };
}

export const getRequest = (sessionId: string): ApiRequest => ({
	method: 'GET',
	path: sessionPath(sessionId),
});

export const newestRunRequest = (sessionId: string): ApiRequest => ({
	method: 'GET',
	path: `${sessionPath(sessionId)}/runs`,
	query: { limit: 1 },
});

export const resultRequest = (runId: string, seconds: number): ApiRequest => ({
	method: 'GET',
	path: `/api/runs/${encodeURIComponent(runId)}/result`,
	query: { wait: Math.max(0, Math.min(seconds, MAX_WAIT_SECONDS)) },
});

export const stopRequest = (sessionId: string): ApiRequest => ({
	method: 'POST',
	path: `${sessionPath(sessionId)}/stop`,
	body: {},
});

function sessionPath(sessionId: string): string {
	const id = sessionId.trim();
	if (id === '') throw new Error('The session ID is empty');
	return `/api/sessions/${encodeURIComponent(id)}`;
}
