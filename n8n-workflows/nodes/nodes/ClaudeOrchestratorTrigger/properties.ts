import type { INodeProperties } from 'n8n-workflow';

export const properties: INodeProperties[] = [
	{
		displayName: 'Events',
		name: 'events',
		type: 'multiOptions',
		required: true,
		options: [
			{ name: 'Delivery Failed', value: 'delivery.failed' },
			{ name: 'Machine Connected', value: 'machine.connected' },
			{ name: 'Machine Disconnected', value: 'machine.disconnected' },
			{ name: 'Machine Status', value: 'machine.status' },
			{ name: 'Run Finished', value: 'run.finished' },
			{ name: 'Run Started', value: 'run.started' },
			{ name: 'Session Archived', value: 'session.archived' },
			{ name: 'Session Created', value: 'session.created' },
			{ name: 'Session Waiting', value: 'session.waiting' },
		],
		default: ['run.finished'],
	},
	{
		displayName: 'Filters',
		name: 'filters',
		type: 'collection',
		placeholder: 'Add filter',
		default: {},
		options: [
			{
				displayName: 'Projects',
				name: 'projects',
				type: 'string',
				default: '',
				placeholder: 'owner/repo, /home/me/project',
				description: 'Only sessions of these repositories or folders',
			},
			{
				displayName: 'Statuses',
				name: 'statuses',
				type: 'multiOptions',
				options: [
					{ name: 'Archived', value: 'archived' },
					{ name: 'Cancelled', value: 'cancelled' },
					{ name: 'Completed', value: 'completed' },
					{ name: 'Created', value: 'created' },
					{ name: 'Failed', value: 'failed' },
					{ name: 'Queued', value: 'queued' },
					{ name: 'Running', value: 'running' },
					{ name: 'Succeeded', value: 'succeeded' },
					{ name: 'Waiting', value: 'waiting' },
				],
				default: [],
				description: 'Only events whose run or session has one of these',
			},
		],
	},
];
