import {
	NodeConnectionTypes,
	type IDataObject,
	type IHookFunctions,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import type { Fields } from '../ClaudeOrchestrator/requests';
import { ask, askUnlessGone } from '../ClaudeOrchestrator/transport';
import { properties } from './properties';
import { isAuthentic } from './signature';
import {
	createRequest,
	deleteRequest,
	isStillWanted,
	readRequest,
	wanted,
	type Known,
} from './subscription';

/** What the node remembers between activations. */
interface Memory {
	subscriptionId?: string;
	secret?: string;
}

const memoryOf = (n8n: IHookFunctions | IWebhookFunctions): Memory =>
	n8n.getWorkflowStaticData('node') as Memory;

const wantedBy = (n8n: IHookFunctions) =>
	wanted(
		n8n.getNodeWebhookUrl('default') ?? '',
		n8n.getNodeParameter('events') as string[],
		n8n.getNodeParameter('filters', {}) as Fields,
	);

export class ClaudeOrchestratorTrigger implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Claude Orchestrator Trigger',
		name: 'claudeOrchestratorTrigger',
		icon: {
			light: 'file:../../icons/claudeOrchestrator.svg',
			dark: 'file:../../icons/claudeOrchestrator.dark.svg',
		},
		group: ['trigger'],
		version: 1,
		subtitle: '={{ $parameter["events"].join(", ") }}',
		description: 'Starts when something happens in the sessions of an orchestrator',
		defaults: { name: 'Claude Orchestrator Trigger' },
		inputs: [],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'claudeOrchestratorApi', required: true }],
		webhooks: [
			{ name: 'default', httpMethod: 'POST', responseMode: 'onReceived', path: 'webhook' },
		],
		properties,
	};

	webhookMethods = {
		default: {
			async checkExists(this: IHookFunctions): Promise<boolean> {
				const { subscriptionId, secret } = memoryOf(this);
				if (subscriptionId === undefined || secret === undefined) return false;
				const known = await askUnlessGone(this, readRequest(subscriptionId));
				return known !== undefined && isStillWanted(known as unknown as Known, wantedBy(this));
			},

			async create(this: IHookFunctions): Promise<boolean> {
				const memory = memoryOf(this);
				if (memory.subscriptionId !== undefined) {
					await askUnlessGone(this, deleteRequest(memory.subscriptionId));
				}
				const request = createRequest(wantedBy(this), this.getWorkflow().name ?? '');
				const { id, secret } = (await ask(this, request)) as { id: string; secret: string };
				memory.subscriptionId = id;
				memory.secret = secret;
				return true;
			},

			async delete(this: IHookFunctions): Promise<boolean> {
				const memory = memoryOf(this);
				if (memory.subscriptionId !== undefined) {
					await askUnlessGone(this, deleteRequest(memory.subscriptionId));
				}
				delete memory.subscriptionId;
				delete memory.secret;
				return true;
			},
		},
	};

	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const { rawBody } = this.getRequestObject();
		const headers = this.getHeaderData();
		if (!isAuthentic({ headers, rawBody }, memoryOf(this).secret ?? '', Date.now())) {
			this.getResponseObject().status(401).json({ message: 'The signature is not right' });
			return { noWebhookResponse: true };
		}
		return { workflowData: [this.helpers.returnJsonArray(this.getBodyData() as IDataObject)] };
	}
}
