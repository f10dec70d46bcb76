import type {
	IAuthenticateGeneric,
	Icon,
	ICredentialTestRequest,
	ICredentialType,
	INodeProperties,
} from 'n8n-workflow';

export class ClaudeOrchestratorApi implements ICredentialType {
	name = 'claudeOrchestratorApi';

	displayName = 'Claude Orchestrator API';

	icon: Icon = {
		light: 'file:../icons/claudeOrchestrator.svg',
		dark: 'file:../icons/claudeOrchestrator.dark.svg',
	};

	documentationUrl =
		'https://github.com/claude-orchestrator/claude-orchestrator/tree/main/n8n-workflows/nodes#credential';

	properties: INodeProperties[] = [
		{
			displayName: 'Base URL',
			name: 'baseUrl',
			type: 'string',
			default: 'http://127.0.0.1:3001',
			placeholder: 'https://orchestrator.example.org',
			required: true,
			description: 'Where the orchestrator is, as n8n reaches it',
		},
		{
			displayName: 'API Key',
			name: 'apiKey',
			type: 'string',
			typeOptions: { password: true },
			default: '',
			description:
				'One of the keys in API_KEY of the orchestrator. Leave it empty when n8n runs on the same machine.',
		},
	];

	authenticate: IAuthenticateGeneric = {
		type: 'generic',
		properties: {
			headers: {
				Authorization: '=Bearer {{$credentials.apiKey}}',
			},
		},
	};

	test: ICredentialTestRequest = {
		request: {
			baseURL: '={{$credentials.baseUrl.replace(/\\/+$/, "")}}',
			url: '/api/status',
			method: 'GET',
		},
	};
}
