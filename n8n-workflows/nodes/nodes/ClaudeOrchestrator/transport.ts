import {
	NodeApiError,
	NodeOperationError,
	type IDataObject,
	type IExecuteFunctions,
	type IHookFunctions,
	type IHttpRequestMethods,
	type INode,
	type JsonObject,
} from 'n8n-workflow';
import type { ApiRequest, Fields } from './requests';

const CREDENTIAL = 'claudeOrchestratorApi';
/** Beyond what the server itself holds a request back. */
const TIMEOUT_MS = 330_000;

interface Problem {
	message?: string;
	statusCode?: number;
	errors?: Array<{ field: string; message: string }>;
}

/** What the server says about a refused request; n8n keeps it, and shows words of its own. */
const problemOf = (error: unknown): Problem =>
	(error as { context?: { data?: Problem } }).context?.data ?? {};

/** Whatever was thrown, as an error that says in which node and at which item. */
export function asNodeError(node: INode, error: unknown, itemIndex: number) {
	if (error instanceof NodeApiError || error instanceof NodeOperationError) return error;
	return new NodeOperationError(node, error as Error, { itemIndex });
}

/** Asks the orchestrator; what it refuses is an error in its own words. */
export async function ask(
	n8n: IExecuteFunctions | IHookFunctions,
	{ method, path, body, query, idempotencyKey }: ApiRequest,
	itemIndex = 0,
): Promise<Fields> {
	const { baseUrl } = await n8n.getCredentials<{ baseUrl: string }>(CREDENTIAL, itemIndex);
	try {
		return (await n8n.helpers.httpRequestWithAuthentication.call(n8n, CREDENTIAL, {
			method: method as IHttpRequestMethods,
			url: `${String(baseUrl).replace(/\/+$/, '')}${path}`,
			json: true,
			timeout: TIMEOUT_MS,
			...(body && { body: body as IDataObject }),
			...(query && { qs: query as IDataObject }),
			...(idempotencyKey && { headers: { 'Idempotency-Key': idempotencyKey } }),
		})) as Fields;
	} catch (error) {
		const { message, statusCode, errors = [] } = problemOf(error);
		if (message === undefined) throw asNodeError(n8n.getNode(), error, itemIndex);
		// An error of n8n that is wrapped again stays as it was: this is a new one.
		throw new NodeApiError(n8n.getNode(), { message } as JsonObject, {
			message,
			description: errors.map(({ field, message: rule }) => `${field} ${rule}`).join('; '),
			httpCode: String(statusCode),
			itemIndex,
		});
	}
}

/** The same; undefined when the orchestrator knows no such thing any more. */
export async function askUnlessGone(
	n8n: IHookFunctions,
	request: ApiRequest,
): Promise<Fields | undefined> {
	try {
		return await ask(n8n, request);
	} catch (error) {
		if (error instanceof NodeApiError && error.httpCode === '404') return undefined;
		throw asNodeError(n8n.getNode(), error, 0);
	}
}
