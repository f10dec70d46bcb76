import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { type ReactNode, useState } from "react";
import type { HubMachine } from "../../../src/contract/hub.ts";
import { apiUrl } from "../api/base.ts";
import { Button } from "../components/button.tsx";
import { CopyButton } from "../components/copy-button.tsx";
import { CloseIcon } from "../components/icons.tsx";
import { fullTime, spokenAge } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { DayStrip } from "./day-strip.tsx";
import { disconnectMachine, eventsQuery, forgetMachine, refreshStatus } from "./hub-api.ts";
import { MachineActivity } from "./machine-activity.tsx";
import { MachineShares } from "./machine-shares.tsx";
import { MachineStateIcon, saysOf, stateOf, wordOf } from "./machine-state.tsx";
import { totalsWord } from "./totals.ts";
import classes from "./machine-panel.module.css";

function Fact({ name, children }: { name: string; children: ReactNode }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

/** Since when it is connected, or when it was heard of last. */
function Seen({ machine }: { machine: HubMachine }) {
  const now = useNow();
  const heard = spokenAge(machine.last_seen, now);
  if (stateOf(machine) === "offline") return <span title={fullTime(machine.last_seen)}>{heard}</span>;
  return (
    <span>
      since {fullTime(machine.connected_at ?? machine.last_seen)}, heard {heard}
    </span>
  );
}

function Facts({ machine }: { machine: HubMachine }) {
  const { url, metadata, capabilities } = machine;
  const isOffline = stateOf(machine) === "offline";
  const system = [metadata.platform, metadata.version && `v${metadata.version}`].filter(Boolean).join(", ");
  return (
    <dl className={classes.facts}>
      <Fact name="Address">
        <code className={classes.typed}>{new URL(url).host}</code>
        <CopyButton text={url} label="Copy the address" />
      </Fact>
      <Fact name="Project">
        <code className={classes.typed}>{metadata.project || "none"}</code>
      </Fact>
      <Fact name="System">{system || "unknown"}</Fact>
      <Fact name={isOffline ? "Last seen" : "Connected"}>
        <Seen machine={machine} />
      </Fact>
      {metadata.orchestration && <Fact name="Runs">{totalsWord(metadata.orchestration)}</Fact>}
      {!machine.is_mine && <Fact name="Owner">{machine.owner}</Fact>}
      {!isOffline && capabilities.length === 0 && (
        <Fact name="Connection">
          <span className="t-need">an older client: its pages come as text, without live streams</span>
        </Fact>
      )}
    </dl>
  );
}

/** What may be done to a machine; the destructive ones are its owner's, and ask once more. */
function Actions({ machine, onGone }: { machine: HubMachine; onGone: () => void }) {
  const client = useQueryClient();
  const [isSure, setSure] = useState(false);
  const isOffline = stateOf(machine) === "offline";
  const settled = () => client.invalidateQueries();
  const refresh = useMutation({ mutationFn: () => refreshStatus(machine.id), onSettled: settled });
  const end = useMutation({
    mutationFn: async () => {
      await (isOffline ? forgetMachine(machine.id) : disconnectMachine(machine.id));
      if (isOffline) onGone();
    },
    onSettled: async () => {
      setSure(false);
      await settled();
    },
  });
  const error = refresh.error ?? end.error;
  const endWord = isOffline ? "Forget" : "Disconnect";
  return (
    <>
      <div className={classes.actions}>
        {!isOffline && (
          <>
            <a className={classes.open} href={apiUrl(`/clients/${machine.id}/enter`)}>
              Open dashboard
            </a>
            <Button disabled={refresh.isPending} onClick={() => refresh.mutate()}>
              Refresh status
            </Button>
          </>
        )}
        <span className="grow" />
        {machine.is_mine && (
          <Button look="bad" disabled={end.isPending} onClick={() => (isSure ? end.mutate() : setSure(true))}>
            {isSure ? `${endWord} now` : endWord}
          </Button>
        )}
      </div>
      {isSure && (
        <p className={classes.note} role="status">
          {isOffline
            ? "Its history here goes too. It comes back by itself when it connects with its token again."
            : "It stays away until it is started again. What runs there goes on."}
        </p>
      )}
      {error && (
        <p className={`${classes.note} t-fail`} role="alert">
          {error.message}
        </p>
      )}
    </>
  );
}

/** One machine in full: the way in, the facts, its last day, what happened, and with whom it is shared. */
export function MachinePanel({ machine, onClose }: { machine: HubMachine; onClose: () => void }) {
  const state = stateOf(machine);
  const { data: events } = useQuery(eventsQuery(machine.id));
  return (
    <div className={classes.panel}>
      <div className={classes.head}>
        <MachineStateIcon state={state} />
        <h2 className="mono">{machine.metadata.hostname}</h2>
        <span className={classes.chip} data-state={state}>
          {wordOf(state)}
        </span>
        <Button look="quiet" square className="right" aria-label="Close" onClick={onClose}>
          <CloseIcon size={12} />
        </Button>
      </div>
      <p className={classes.says}>{saysOf(state)}</p>
      <Actions machine={machine} onGone={onClose} />
      <Facts machine={machine} />
      {events && <DayStrip events={events} state={state} />}
      <MachineActivity events={events} />
      {machine.is_mine && <MachineShares machine={machine} />}
    </div>
  );
}
