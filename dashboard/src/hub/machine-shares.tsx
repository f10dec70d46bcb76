import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { HubMachine } from "../../../src/contract/hub.ts";
import { machinesQuery, shareMachine, viewerQuery } from "./hub-api.ts";
import classes from "./machine-shares.module.css";

type Share = HubMachine["shares"][number];

const nameOf = ({ kind, name }: Share): string => `${kind} ${name}`;

/** Which of the owner's organisations and teams may use the machine. What they do there is theirs, by their own name. */
export function MachineShares({ machine }: { machine: HubMachine }) {
  const client = useQueryClient();
  const { data: viewer } = useQuery(viewerQuery);
  const share = useMutation({
    mutationFn: (shares: Share[]) => shareMachine({ id: machine.id, shares }),
    onSettled: () => client.invalidateQueries({ queryKey: machinesQuery.queryKey }),
  });
  const offered: Share[] = [
    ...(viewer?.orgs ?? []).map((name) => ({ kind: "org" as const, name })),
    ...(viewer?.teams ?? []).map((name) => ({ kind: "team" as const, name })),
  ];
  // What was shared before stays to be taken back, also when its owner has left the team.
  const all = new Map([...offered, ...machine.shares].map((one) => [nameOf(one), one]));
  if (all.size === 0) return null;
  const shared = new Set(machine.shares.map(nameOf));
  const toggle = (one: Share) =>
    share.mutate(
      shared.has(nameOf(one))
        ? machine.shares.filter((other) => nameOf(other) !== nameOf(one))
        : [...machine.shares, one],
    );
  return (
    <fieldset className={classes.shares} disabled={share.isPending}>
      <legend>Shared with</legend>
      {[...all.values()].map((one) => (
        <label key={nameOf(one)}>
          <input type="checkbox" checked={shared.has(nameOf(one))} onChange={() => toggle(one)} />
          <span className="dim3">{one.kind}</span> {one.name}
        </label>
      ))}
      <p className="sm dim">They may use it as you can, but not disconnect it.</p>
      {share.error && (
        <p className="sm t-fail" role="alert">
          {share.error.message}
        </p>
      )}
    </fieldset>
  );
}
