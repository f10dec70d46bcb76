import type { INodeProperties } from 'n8n-workflow';

const show = (...operation: string[]) => ({ show: { operation } });

const operation: INodeProperties = {
	displayName: 'Operation',
	name: 'operation',
	type: 'options',
	noDataExpression: true,
	options: [
		{
			name: 'Continue Session and Wait',
			value: 'continue',
			action: 'Continue a session and wait',
			description:
				'Say something more in a session: it remembers its conversation and keeps its files',
		},
		{
			name: 'Get Session',
			value: 'get',
			action: 'Get a session',
			description: 'Where a session stands, and what became of its newest run',
		},
		{
			name: 'Start Session and Wait',
			value: 'start',
			action: 'Start a session and wait',
			description: 'Hand a task to Claude Code in a workspace of its own',
		},
		{
			name: 'Stop Session',
			value: 'stop',
			action: 'Stop a session',
			description: 'Stop the run that is on, and drop those that wait',
		},
	],
	default: 'start',
};

const place: INodeProperties[] = [
	{
		displayName: 'Work In',
		name: 'workIn',
		type: 'options',
		options: [
			{ name: 'Clone of a Repository', value: 'github' },
			{ name: 'Folder of the Orchestrator', value: 'local' },
			{ name: 'Git Worktree of a Folder', value: 'worktree' },
			{ name: 'What a Template Says', value: 'template' },
		],
		default: 'github',
		displayOptions: show('start'),
	},
	{
		displayName: 'Repository',
		name: 'githubRepo',
		type: 'string',
		required: true,
		default: '',
		placeholder: 'owner/repo',
		displayOptions: { show: { operation: ['start'], workIn: ['github'] } },
	},
	{
		displayName: 'Folder',
		name: 'projectPath',
		type: 'string',
		required: true,
		default: '',
		placeholder: '/home/me/project',
		description: 'Absolute, on the machine of the orchestrator',
		displayOptions: { show: { operation: ['start'], workIn: ['local', 'worktree'] } },
	},
	{
		displayName: 'Template',
		name: 'template',
		type: 'string',
		required: true,
		default: '',
		description: 'Its name or its ID',
		displayOptions: { show: { operation: ['start'], workIn: ['template'] } },
	},
	{
		displayName: 'Variables',
		name: 'variables',
		type: 'json',
		default: '{}',
		description: 'Texts for the {{variables}} of the template',
		displayOptions: { show: { operation: ['start'], workIn: ['template'] } },
	},
];

const session: INodeProperties = {
	displayName: 'Session ID',
	name: 'sessionId',
	type: 'string',
	required: true,
	default: '',
	placeholder: 'e.g. {{ $json.sessionId }}',
	displayOptions: show('continue', 'get', 'stop'),
};

const prompt: INodeProperties = {
	displayName: 'Prompt',
	name: 'prompt',
	type: 'string',
	typeOptions: { rows: 4 },
	default: '',
	description: 'The task. With a template it takes the place of the prompt of the template.',
	displayOptions: show('start', 'continue'),
};

const waiting: INodeProperties[] = [
	{
		displayName: 'Wait By',
		name: 'waitBy',
		type: 'options',
		options: [
			{
				name: 'Callback',
				value: 'callback',
				description:
					'The execution sleeps, for days if need be and over restarts of both, until the orchestrator calls it back',
			},
			{
				name: 'Holding the Request',
				value: 'request',
				description:
					'At most 5 minutes; for an orchestrator that cannot reach n8n. As an AI tool it is always this.',
			},
		],
		default: 'callback',
		displayOptions: show('start', 'continue'),
	},
	{
		displayName: 'Wait at Most (Minutes)',
		name: 'maxMinutes',
		type: 'number',
		typeOptions: { minValue: 1, maxValue: 10080 },
		default: 1440,
		description:
			'After that the node goes on with "ended" false and the IDs, and the run goes on by itself',
		displayOptions: { show: { operation: ['start', 'continue'], waitBy: ['callback'] } },
	},
	{
		displayName: 'Wait at Most (Seconds)',
		name: 'maxSeconds',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 300 },
		default: 240,
		description: 'How long the request is held; also how long an AI tool waits',
		displayOptions: { show: { operation: ['start', 'continue'], waitBy: ['request'] } },
	},
	{
		displayName: 'Wait for the Result (Seconds)',
		name: 'waitSeconds',
		type: 'number',
		typeOptions: { minValue: 0, maxValue: 300 },
		default: 0,
		description: 'How long to wait for the end of the newest run, when it is on',
		displayOptions: show('get'),
	},
];

const options: INodeProperties = {
	displayName: 'Options',
	name: 'options',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	displayOptions: show('start'),
	options: [
		{
			displayName: 'Allowed Tools',
			name: 'allowedTools',
			type: 'string',
			typeOptions: { rows: 3 },
			default: '',
			placeholder: 'Bash(npm test:*)',
			description: 'Rules of tools that need no permission, one a line',
		},
		{
			displayName: 'Append System Prompt',
			name: 'appendSystemPrompt',
			type: 'string',
			typeOptions: { rows: 3 },
			default: '',
		},
		{
			displayName: 'Author',
			name: 'author',
			type: 'string',
			default: '',
			description: 'Who asks, for people who look at the session',
		},
		{
			displayName: 'Branch',
			name: 'branch',
			type: 'string',
			default: '',
			description: 'The branch to begin at',
		},
		{
			displayName: 'Disallowed Tools',
			name: 'disallowedTools',
			type: 'string',
			typeOptions: { rows: 3 },
			default: '',
			description: 'Rules of tools that are refused, one a line',
		},
		{
			displayName: 'JSON Schema',
			name: 'jsonSchema',
			type: 'json',
			default: '{}',
			description: 'The form of the answer; it arrives as structuredOutput',
		},
		{
			displayName: 'Max Budget (USD)',
			name: 'maxBudgetUsd',
			type: 'number',
			typeOptions: { minValue: 0, numberPrecision: 2 },
			default: 5,
			description: 'What one run may cost',
		},
		{
			displayName: 'Max Turns',
			name: 'maxTurns',
			type: 'number',
			typeOptions: { minValue: 1 },
			default: 50,
		},
		{
			displayName: 'Metadata',
			name: 'metadata',
			type: 'json',
			default: '{}',
			description: 'Comes back with the result and with events',
		},
		{ displayName: 'Model', name: 'model', type: 'string', default: '' },
		{
			displayName: 'Permission Mode',
			name: 'permissionMode',
			type: 'options',
			options: [
				{ name: 'Accept Edits', value: 'acceptEdits' },
				{ name: 'Bypass Permissions', value: 'bypassPermissions' },
				{ name: 'Default', value: 'default' },
				{ name: 'Do Not Ask', value: 'dontAsk' },
				{ name: 'Plan', value: 'plan' },
			],
			default: 'acceptEdits',
		},
		{
			displayName: 'Run Timeout (Seconds)',
			name: 'timeoutSeconds',
			type: 'number',
			typeOptions: { minValue: 1, maxValue: 82800 },
			default: 14400,
			description: 'The longest a run may take',
		},
		{
			displayName: 'Slack Channel',
			name: 'slackChannel',
			type: 'string',
			default: '',
			description: 'Where the orchestrator itself answers too',
		},
		{
			displayName: 'Tags',
			name: 'tags',
			type: 'string',
			default: '',
			placeholder: 'nightly, billing',
		},
		{ displayName: 'Title', name: 'title', type: 'string', default: '' },
	],
};

const continueOptions: INodeProperties = {
	displayName: 'Options',
	name: 'continueOptions',
	type: 'collection',
	placeholder: 'Add option',
	default: {},
	displayOptions: show('continue'),
	options: [
		{ displayName: 'Author', name: 'author', type: 'string', default: '' },
		{
			displayName: 'Metadata',
			name: 'metadata',
			type: 'json',
			default: '{}',
			description: 'Comes back with the result of this run',
		},
	],
};

export const properties: INodeProperties[] = [
	operation,
	...place,
	session,
	prompt,
	...waiting,
	options,
	continueOptions,
];
