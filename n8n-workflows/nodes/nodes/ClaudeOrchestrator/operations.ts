import { NodeOperationError, type IDataObject, type IExecuteFunctions } from 'n8n-workflow';
import { randomUUID } from 'crypto';
import {
	continueRequest,
	getRequest,
	newestRunRequest,
	resultRequest,
	startRequest,
	stopRequest,
	type ApiRequest,
	type Fields,
	type StartParameters,
	type Waiting,
} from './requests';
import { answerItem, resultItem } from './results';
import { ask } from './transport';

/** The orchestrator calls back before the deadline; this is for when it is gone. */
const GRACE_MS = 5 * 60_000;
const TOOL_WAIT_SECONDS = 240;

/** An agent waits in its own call and cannot be put to sleep. */
const isTool = (n8n: IExecuteFunctions): boolean =>
	n8n.isToolExecution() || n8n.getNode().type.endsWith('Tool');

/** The same for the same item in the same turn of this node, so that a retry starts nothing twice. */
function keyOf(n8n: IExecuteFunctions, index: number): string {
	if (isTool(n8n)) return `n8n-${randomUUID()}`;
	const turn = n8n.evaluateExpression('{{ $runIndex }}', index) as number;
	return `n8n-${n8n.getExecutionId()}-${n8n.getNode().id}-${turn}-${index}`;
}

function waitingOf(n8n: IExecuteFunctions, index: number): Waiting {
	const by = n8n.getNodeParameter('waitBy', index) as 'callback' | 'request';
	if (by === 'request') {
		return { by, seconds: n8n.getNodeParameter('maxSeconds', index) as number };
	}
	if (isTool(n8n)) return { by: 'request', seconds: TOOL_WAIT_SECONDS };
	return {
		by,
		callbackUrl: n8n.evaluateExpression('{{ $execution.resumeUrl }}', index) as string,
		deadlineSeconds: (n8n.getNodeParameter('maxMinutes', index) as number) * 60,
	};
}

function parameter<T>(n8n: IExecuteFunctions, name: string, index: number, fallback: T): T {
	return n8n.getNodeParameter(name, index, fallback) as T;
}

function workRequest(n8n: IExecuteFunctions, index: number, waiting: Waiting): ApiRequest {
	const prompt = parameter(n8n, 'prompt', index, '');
	const key = keyOf(n8n, index);
	if (n8n.getNodeParameter('operation', index) === 'start') {
		const start: StartParameters = {
			workIn: n8n.getNodeParameter('workIn', index) as StartParameters['workIn'],
			githubRepo: parameter(n8n, 'githubRepo', index, ''),
			projectPath: parameter(n8n, 'projectPath', index, ''),
			template: parameter(n8n, 'template', index, ''),
			variables: parameter<unknown>(n8n, 'variables', index, ''),
			options: parameter<Fields>(n8n, 'options', index, {}),
			prompt,
		};
		return startRequest(start, waiting, key);
	}
	const sessionId = n8n.getNodeParameter('sessionId', index) as string;
	const options = parameter<{ author?: string; metadata?: unknown }>(
		n8n,
		'continueOptions',
		index,
		{},
	);
	return continueRequest({ sessionId, prompt, ...options }, waiting, key);
}

/** Hands work over. With a callback the execution sleeps then: what the node hands on comes by its webhook. */
export async function work(n8n: IExecuteFunctions, index: number): Promise<Fields> {
	const waiting = waitingOf(n8n, index);
	if (waiting.by === 'callback' && n8n.getInputData().length > 1) {
		throw new NodeOperationError(
			n8n.getNode(),
			'Waiting by callback works for one item at a time',
			{
				itemIndex: index,
				description:
					'Give this node one item (Loop Over Items with batches of 1, or a sub-workflow for each), or set “Wait By” to “Holding the Request”.',
			},
		);
	}
	const answer = await ask(n8n, workRequest(n8n, index, waiting), index);
	if (waiting.by === 'request') return answerItem({ ...sessionOf(n8n, index), ...answer });
	await n8n.putExecutionToWait(new Date(Date.now() + waiting.deadlineSeconds * 1000 + GRACE_MS));
	return answerItem(answer);
}

/** The answer to a message does not repeat which session it was said in. */
const sessionOf = (n8n: IExecuteFunctions, index: number): Fields =>
	n8n.getNodeParameter('operation', index) === 'continue'
		? { sessionId: n8n.getNodeParameter('sessionId', index) }
		: {};

/** A session with the result of its newest run. */
export async function get(n8n: IExecuteFunctions, index: number): Promise<Fields> {
	const sessionId = n8n.getNodeParameter('sessionId', index) as string;
	const seconds = n8n.getNodeParameter('waitSeconds', index) as number;
	const { items } = (await ask(n8n, newestRunRequest(sessionId), index)) as {
		items: Array<{ runId: string }>;
	};
	const result = items[0] && (await ask(n8n, resultRequest(items[0].runId, seconds), index));
	const session = await ask(n8n, getRequest(sessionId), index);
	return { ...session, result: result ? (resultItem(result) as IDataObject) : null };
}

export const stop = (n8n: IExecuteFunctions, index: number): Promise<Fields> =>
	ask(n8n, stopRequest(n8n.getNodeParameter('sessionId', index) as string), index);
