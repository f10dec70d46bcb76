import { useQuery } from "@tanstack/react-query";
import { lazy, type ReactNode, Suspense, useState } from "react";
import { useNavigate, useParams } from "react-router";
import type { HubMachine } from "../../../src/contract/hub.ts";
import { Button } from "../components/button.tsx";
import { KeyIcon } from "../components/icons.tsx";
import { Segments } from "../components/segments.tsx";
import { SideDrawer } from "../components/side-drawer.tsx";
import { plural } from "../lib/format.ts";
import { useKeys } from "../lib/keys.ts";
import { useLayout } from "../lib/use-layout.ts";
import { useSchemeSwitch } from "../lib/use-scheme-switch.ts";
import { useTitle } from "../lib/use-title.ts";
import { ClaimBanners } from "./claim-banner.tsx";
import { machinesQuery } from "./hub-api.ts";
import { HubFrame } from "./hub-frame.tsx";
import { MachineCard } from "./machine-card.tsx";
import { MachinePanel } from "./machine-panel.tsx";
import { type MachineState, MachineStateIcon, STATES, stateOf, wordOf } from "./machine-state.tsx";
import { Tokens } from "./tokens.tsx";
import { totalsOf, totalsWord } from "./totals.ts";
import classes from "./machines-page.module.css";

const AddMachineDialog = lazy(() =>
  import("./add-machine-dialog.tsx").then((file) => ({ default: file.AddMachineDialog })),
);

type Shown = MachineState | "all";

function filters(machines: readonly HubMachine[]): (readonly [Shown, ReactNode])[] {
  const count = (state: MachineState) => machines.filter((machine) => stateOf(machine) === state).length;
  return [
    ["all", `All ${machines.length}`],
    ...STATES.map(
      (state) =>
        [
          state,
          <>
            <MachineStateIcon state={state} size={11} /> {wordOf(state)} {count(state)}
          </>,
        ] as const,
    ),
  ];
}

/** Machines that are there come first; among these, and among the others, the order never changes by itself. */
const byPlace = (a: HubMachine, b: HubMachine): number =>
  Number(stateOf(a) === "offline") - Number(stateOf(b) === "offline") ||
  a.metadata.hostname.localeCompare(b.metadata.hostname) ||
  a.id.localeCompare(b.id);

function FirstMachine({ onAdd }: { onAdd: () => void }) {
  return (
    <div className={classes.empty}>
      <h2>No machine yet</h2>
      <p className="dim">
        A machine is a claude-orchestrator that connects to this hub by itself: nothing has to be opened for it. Make a
        token, put three lines into its <code>.env</code>, and it appears here as soon as it starts.
      </p>
      <Button look="filled" onClick={onAdd}>
        <KeyIcon size={12} /> Add machine
      </Button>
    </div>
  );
}

function Grid({ machines, openId }: { machines: readonly HubMachine[]; openId: string | undefined }) {
  return (
    <ul className={classes.grid} aria-label="Machines">
      {machines.map((machine) => (
        <li key={machine.id}>
          <MachineCard machine={machine} isOpen={machine.id === openId} />
        </li>
      ))}
    </ul>
  );
}

const Skeleton = () => (
  <div className={classes.grid} aria-hidden="true">
    {[0, 1, 2].map((n) => (
      <div key={n} className={classes.skeleton} />
    ))}
  </div>
);

interface ListProps {
  machines: readonly HubMachine[];
  openId: string | undefined;
  onAdd: () => void;
}

function Head({ machines, onAdd, children }: Omit<ListProps, "openId"> & { children: ReactNode }) {
  const connected = machines.filter((machine) => stateOf(machine) !== "offline").length;
  const totals = totalsOf(machines);
  return (
    <div className={classes.head}>
      <h1>Machines</h1>
      {machines.length > 0 && (
        <>
          <span className="dim">
            {machines.length} known, {connected} connected
          </span>
          {totals && (
            <span className="dim num" title="Over your own machines that are connected">
              {totalsWord(totals)}
            </span>
          )}
          <span className="grow" />
          {children}
          <Button onClick={onAdd}>
            <KeyIcon size={12} /> Add machine <kbd>N</kbd>
          </Button>
        </>
      )}
    </div>
  );
}

/** The machines in their order, all of them or those in one state. */
function MachineList({ machines, openId, onAdd }: ListProps) {
  const [shown, setShown] = useState<Shown>("all");
  const some = machines.filter((machine) => shown === "all" || stateOf(machine) === shown);
  return (
    <>
      <Head machines={machines} onAdd={onAdd}>
        <Segments label="Show" value={shown} options={filters(machines)} onChange={setShown} />
      </Head>
      <ClaimBanners />
      {machines.length === 0 && <FirstMachine onAdd={onAdd} />}
      <Grid machines={some} openId={openId} />
      {machines.length > 0 && some.length === 0 && shown !== "all" && (
        <p className="dim">
          None of {plural(machines.length, "machine")} is {wordOf(shown).toLowerCase()}.
        </p>
      )}
    </>
  );
}

/** The open machine: beside the others, or over them where there is no room. */
function Open({ machine, onClose }: { machine: HubMachine | undefined; onClose: () => void }) {
  const { asideBeside } = useLayout();
  const panel = machine && <MachinePanel key={machine.id} machine={machine} onClose={onClose} />;
  if (!asideBeside)
    return (
      <SideDrawer side="right" title="Machine" opened={machine !== undefined} onClose={onClose}>
        {panel}
      </SideDrawer>
    );
  return (
    panel && (
      <aside className={classes.aside} aria-label="Machine">
        {panel}
      </aside>
    )
  );
}

/** All machines one may see. */
export function MachinesPage() {
  useTitle("Machines");
  const { id } = useParams();
  const navigate = useNavigate();
  const switchScheme = useSchemeSwitch();
  const [isAdding, setAdding] = useState(false);
  const { data, error } = useQuery(machinesQuery);
  const close = () => void navigate("/dashboard");
  const add = () => setAdding(true);
  useKeys({ Escape: close, n: add, ".": switchScheme });
  const machines = data?.toSorted(byPlace);
  return (
    <HubFrame>
      <main className={classes.page}>
        {machines ? (
          <MachineList machines={machines} openId={id} onAdd={add} />
        ) : (
          <>
            <Head machines={[]} onAdd={add}>
              {null}
            </Head>
            {error ? (
              <p className="t-fail" role="alert">
                {error.message}
              </p>
            ) : (
              <Skeleton />
            )}
          </>
        )}
        <Tokens onAdd={add} />
      </main>
      <Open machine={machines?.find((machine) => machine.id === id)} onClose={close} />
      {isAdding && (
        <Suspense>
          <AddMachineDialog onClose={() => setAdding(false)} />
        </Suspense>
      )}
    </HubFrame>
  );
}
