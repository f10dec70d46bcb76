import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { Button } from "../components/button.tsx";
import { AsksIcon } from "../components/icons.tsx";
import { spokenAge } from "../lib/format.ts";
import { useNow } from "../lib/use-now.ts";
import { claimMachine, type HubPendingMachine, pendingQuery } from "./hub-api.ts";
import classes from "./claim-banner.module.css";

function Claim({ machine }: { machine: HubPendingMachine }) {
  const client = useQueryClient();
  const now = useNow();
  const { id, hostname, project, platform, code } = machine;
  const claim = useMutation({
    mutationFn: () => claimMachine({ id, name: hostname }),
    onSettled: () => client.invalidateQueries(),
  });
  return (
    <section className={classes.banner} aria-label={`${hostname} asks to join`}>
      <AsksIcon className="t-need" />
      <p>
        <b>{hostname}</b> asks to join.{" "}
        {code && (
          <>
            It shows the code <code className={classes.code}>{code}</code>.{" "}
          </>
        )}
        <span className="dim">
          {[project, platform].filter(Boolean).join(", ")}, {spokenAge(machine.created_at, now)}
        </span>
        {claim.error && (
          <span className="t-fail" role="alert">
            {" "}
            {claim.error.message}
          </span>
        )}
      </p>
      <Button look="filled" disabled={claim.isPending} onClick={() => claim.mutate()}>
        Claim<span className="hidden-text"> {hostname}</span>
      </Button>
    </section>
  );
}

/** Machines without a token that this person may take in. Claim only what shows the same code. */
export function ClaimBanners() {
  const { data: pending } = useQuery(pendingQuery);
  return pending?.map((machine) => <Claim key={machine.id} machine={machine} />);
}
