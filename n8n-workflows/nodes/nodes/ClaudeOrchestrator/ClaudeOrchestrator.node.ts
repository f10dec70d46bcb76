import {
	NodeConnectionTypes,
	type IDataObject,
	type IExecuteFunctions,
	type INodeExecutionData,
	type INodeType,
	type INodeTypeDescription,
	type IWebhookFunctions,
	type IWebhookResponseData,
} from 'n8n-workflow';
import { get, stop, work } from './operations';
import { properties } from './properties';
import { resultItem } from './results';
import { asNodeError } from './transport';

const OPERATIONS = { start: work, continue: work, get, stop };

export class ClaudeOrchestrator implements INodeType {
	description: INodeTypeDescription = {
		displayName: 'Claude Orchestrator',
		name: 'claudeOrchestrator',
		icon: {
			light: 'file:../../icons/claudeOrchestrator.svg',
			dark: 'file:../../icons/claudeOrchestrator.dark.svg',
		},
		group: ['transform'],
		version: 1,
		subtitle: '={{ $parameter["operation"] }}',
		description: 'Hand work to Claude Code sessions and wait for their answers',
		defaults: { name: 'Claude Orchestrator' },
		usableAsTool: true,
		inputs: [NodeConnectionTypes.Main],
		outputs: [NodeConnectionTypes.Main],
		credentials: [{ name: 'claudeOrchestratorApi', required: true }],
		webhooks: [
			{
				name: 'default',
				httpMethod: 'POST',
				responseMode: 'onReceived',
				path: '',
				restartWebhook: true,
				isFullPath: true,
			},
		],
		properties,
	};

	/** n8n makes the address of a sleeping execution by itself: there is nothing to register. */
	webhookMethods = {
		default: {
			checkExists: async () => true,
			create: async () => true,
			delete: async () => true,
		},
	};

	async execute(this: IExecuteFunctions): Promise<INodeExecutionData[][]> {
		const items: INodeExecutionData[] = [];
		for (let index = 0; index < this.getInputData().length; index++) {
			try {
				const operation = this.getNodeParameter('operation', index) as keyof typeof OPERATIONS;
				const json = (await OPERATIONS[operation](this, index)) as IDataObject;
				items.push({ json, pairedItem: { item: index } });
			} catch (error) {
				const { message, description } = asNodeError(this.getNode(), error, index);
				if (!this.continueOnFail()) throw asNodeError(this.getNode(), error, index);
				items.push({ json: { error: message, description }, pairedItem: { item: index } });
			}
		}
		return [items];
	}

	/** The orchestrator calls the sleeping execution back: the run has ended, or the time is nearly over. */
	async webhook(this: IWebhookFunctions): Promise<IWebhookResponseData> {
		const json = resultItem(this.getBodyData()) as IDataObject;
		return { workflowData: [[{ json, pairedItem: { item: 0 } }]] };
	}
}
