import { startClaude, type ClaudeStart } from "../../src/claude/claude-process.ts";

/*
 * A process that starts Claude, sends it one line and then only exists, to be killed. What to start comes as JSON on
 * its standard input.
 */
const chunks = await process.stdin.toArray();
const { spec, line } = JSON.parse(Buffer.concat(chunks as Buffer[]).toString()) as { spec: ClaudeStart; line: object };
const claude = await startClaude(spec);
claude.send(line);
process.stdout.write(`${JSON.stringify(claude.identity)}\n`);
setInterval(() => undefined, 60_000);
