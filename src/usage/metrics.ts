import { monitorEventLoopDelay } from "node:perf_hooks";
import type { Database } from "../db/database.ts";
import { counter, counters, gauge, gauges, labelled, type Metric, type Sample } from "../http/metrics-text.ts";
import { folderSize } from "../lib/folder-size.ts";
import { startRepeating } from "../lib/repeat.ts";
import type { MachineFacts } from "../runs/machine-facts.ts";
import type { Reaper } from "../runs/reaper.ts";
import { findLedgerGauges, type LedgerGauges } from "./metrics-queries.ts";
import type { UsageService } from "./usage-service.ts";

/** Walking all workspaces is dear; their size is this old at most. */
const MEASURE_MS = 10 * 60_000;
const FIRST_MEASURE_MS = 5_000;
const NS = 1e-9;

interface Parts {
  db: Database;
  workerId: string;
  slots: number;
  workspaceBase: string;
  usage: Pick<UsageService, "budgets">;
  reaper: Pick<Reaper, "count" | "ended">;
  readMachine: () => Promise<MachineFacts>;
  hooksReceived: () => number;
}

/** Everything /metrics shows but the answers of HTTP. Names and meanings are in docs/operations.md. */
export function openMetrics(parts: Parts) {
  const delay = monitorEventLoopDelay({ resolution: 20 });
  delay.enable();
  let workspaces: number | undefined;
  const measuring = startRepeating(
    async () => {
      workspaces = (await folderSize(parts.workspaceBase)).bytes;
    },
    { intervalMs: MEASURE_MS, firstMs: FIRST_MEASURE_MS, onError: () => (workspaces = undefined) },
  );

  return {
    async collect(): Promise<Metric[]> {
      const ledger = await findLedgerGauges(parts.db, parts.workerId);
      const [processes, money, machine] = await Promise.all([
        processGauges(parts, ledger),
        moneyGauges(parts),
        parts.readMachine(),
      ]);
      return [
        ...runGauges(ledger, parts.slots),
        ...processes,
        ...money,
        ...machineGauges(machine, workspaces),
        ...ownGauges(delay),
        counter("orchestrator_hook_posts_total", "Hook posts taken in since the start", parts.hooksReceived()),
      ];
    },
    async [Symbol.asyncDispose]() {
      delay.disable();
      await measuring[Symbol.asyncDispose]();
    },
  };
}

/** Statuses that are shown when there is none in them, too: a curve that comes and goes raises no alarm. */
const NO_RUNS = { queued: 0, running: 0, waiting: 0 };

const NO_DELIVERIES = { pending: 0, sending: 0, delivered: 0, failed: 0 };
const EMPTY_INBOX = { received: 0, handling: 0, done: 0, refused: 0, failed: 0 };
/** The one channel that every installation has. */
const ALWAYS_THERE = "callback";

function deliverySamples({ deliveries }: LedgerGauges): Sample[] {
  const kinds = new Set([ALWAYS_THERE, ...deliveries.map(({ kind }) => kind)]);
  return [...kinds].flatMap((kind) => {
    const found = deliveries.filter((one) => one.kind === kind).map(({ status, count }) => [status, count] as const);
    const counts = { ...NO_DELIVERIES, ...Object.fromEntries(found) };
    return Object.entries(counts).map(([status, value]) => ({ labels: { kind, status }, value }));
  });
}

const runGauges = (ledger: LedgerGauges, slots: number): Metric[] => [
  gauges("orchestrator_runs", "Unfinished runs by status", labelled("status", { ...NO_RUNS, ...ledger.open })),
  gauges("orchestrator_runs_waiting", "Unfinished runs by what they wait for", labelled("for", ledger.waiting)),
  counters(
    "orchestrator_runs_finished_total",
    "Finished runs by reason, from the ledger",
    labelled("reason", ledger.finished),
  ),
  gauge("orchestrator_slots", "Runs that may be on at once in this worker", slots),
  gauge("orchestrator_slots_busy", "Runs that are on in this worker", ledger.busy),
  gauge("orchestrator_queue_depth", "Runs that wait for their turn", ledger.open["queued"] ?? 0),
  gauge("orchestrator_queue_oldest_wait_seconds", "How long the oldest of them has waited", ledger.oldestWaitSeconds),
  gauges("orchestrator_deliveries", "Deliveries that are kept, by channel and status", deliverySamples(ledger)),
  gauges("orchestrator_inbox", "What was taken in, by status", labelled("status", { ...EMPTY_INBOX, ...ledger.inbox })),
];

async function processGauges({ reaper }: Parts, ledger: LedgerGauges): Promise<Metric[]> {
  const { live, orphaned } = await reaper.count();
  const parked = ledger.open["waiting"] ?? 0;
  return [
    gauges(
      "orchestrator_claude_processes",
      "Lives of Claude on this machine; parked ones hold no process; of orphaned ones each process counts",
      labelled("state", { live, parked, orphaned }),
    ),
    counter(
      "orchestrator_reaped_processes_total",
      "Processes left behind that were ended since the start",
      reaper.ended,
    ),
  ];
}

async function moneyGauges({ usage }: Parts): Promise<Metric[]> {
  const budgets = await usage.budgets(new Date());
  const limited = budgets.flatMap(({ of, limitUsd }) => (limitUsd === null ? [] : [[of, limitUsd] as const]));
  const spent = Object.fromEntries(budgets.map(({ of, spentUsd }) => [of, spentUsd]));
  return [
    gauges("orchestrator_cost_usd", "What runs have cost in this calendar day and month", labelled("period", spent)),
    gauges(
      "orchestrator_budget_usd",
      "What they may cost, where there is a limit",
      labelled("period", Object.fromEntries(limited)),
    ),
  ];
}

const machineGauges = ({ availableBytes, disks }: MachineFacts, workspaces: number | undefined): Metric[] => [
  gauge("orchestrator_memory_available_bytes", "Memory that new runs may take", availableBytes),
  gauges(
    "orchestrator_disk_free_bytes",
    "Room on the disks of WORKSPACE_BASE and DATA_DIR",
    labelled("folder", Object.fromEntries(disks.map(({ folder, freeBytes }) => [folder, freeBytes]))),
  ),
  ...(workspaces === undefined
    ? []
    : [gauge("orchestrator_workspace_bytes", "What all workspaces take; measured every 10 minutes", workspaces)]),
];

/** Nothing was measured yet: no number. */
const seconds = (ns: number): number => (Number.isFinite(ns) ? ns * NS : 0);

/** Of this process. The delay is since the last time somebody looked. */
function ownGauges(delay: ReturnType<typeof monitorEventLoopDelay>): Metric[] {
  const loop = { p50: seconds(delay.percentile(50)), p99: seconds(delay.percentile(99)), max: seconds(delay.max) };
  delay.reset();
  const { rss, heapUsed } = process.memoryUsage();
  return [
    gauges("orchestrator_event_loop_delay_seconds", "How late timers came", labelled("quantile", loop)),
    gauge("process_resident_memory_bytes", "Memory of this process", rss),
    gauge("orchestrator_heap_used_bytes", "JavaScript objects of this process", heapUsed),
    gauge("process_start_time_seconds", "When this process began", Math.round(performance.timeOrigin / 1000)),
  ];
}
