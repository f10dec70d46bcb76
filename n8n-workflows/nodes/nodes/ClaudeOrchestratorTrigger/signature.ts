import { createHmac, timingSafeEqual } from 'crypto';

/** A request older than this may be one that somebody kept. */
const MAX_AGE_SECONDS = 300;

type Headers = Record<string, string | string[] | undefined>;

const one = (value: string | string[] | undefined): string =>
	typeof value === 'string' ? value : '';

/** Whether this body comes from the orchestrator that gave us this secret, and was sent just now. */
export function isAuthentic(
	{ headers, rawBody }: { headers: Headers; rawBody: Buffer },
	secret: string,
	now: number,
): boolean {
	const timestamp = one(headers['x-orchestrator-timestamp']);
	const given = Buffer.from(one(headers['x-orchestrator-signature']));
	if (secret === '' || !/^\d{1,12}$/.test(timestamp)) return false;
	const hmac = createHmac('sha256', secret).update(`${timestamp}.`).update(rawBody).digest('hex');
	const expected = Buffer.from(`v1=${hmac}`);
	if (given.length !== expected.length || !timingSafeEqual(given, expected)) return false;
	return Math.abs(now / 1000 - Number(timestamp)) <= MAX_AGE_SECONDS;
}
