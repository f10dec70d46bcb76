import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import type { Subscription } from "../../../../src/contract/subscription.ts";
import { deleteSubscription, testSubscription, updateSubscription } from "../../api/subscriptions.ts";
import { moment } from "../../lib/format.ts";
import { say } from "../../lib/say.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../button.tsx";
import classes from "../list-row.module.css";

/** How it fares, in a word and a line. */
function State({ subscription }: { subscription: Subscription }) {
  const now = useNow();
  const { enabled, disabledReason, failingSince, lastError, lastDeliveredAt } = subscription;
  if (!enabled)
    return (
      <span className={classes.state}>
        <b>Off</b> <span className="sm dim">{disabledReason}</span>
      </span>
    );
  if (failingSince)
    return (
      <span className={classes.state}>
        <b className="t-fail">Fails since {moment(failingSince, now)}</b> <span className="sm dim">{lastError}</span>
      </span>
    );
  return (
    <span className={classes.state}>
      <b>On</b>{" "}
      <span className="sm dim">
        {lastDeliveredAt ? `last taken ${moment(lastDeliveredAt, now)}` : "nothing was sent yet"}
      </span>
    </span>
  );
}

const filterOf = ({ projects, statuses }: Subscription): string =>
  [...projects, ...statuses].join(", ") || "all sessions";

/** One URL that hears of events, and how it fares. */
export function SubscriptionRow({ subscription, onEdit }: { subscription: Subscription; onEdit: () => void }) {
  const { id, name, url, types, enabled } = subscription;
  return (
    <li className={classes.row}>
      <span className={classes.what}>
        <b title={name ?? url}>{name ?? url}</b>
        {name !== null && (
          <code className="dim" title={url}>
            {url}
          </code>
        )}
      </span>
      <span className={classes.what}>
        <span title={types.join(", ")}>{types.join(", ")}</span>
        <span className="sm dim" title={filterOf(subscription)}>
          {filterOf(subscription)}
        </span>
      </span>
      <State subscription={subscription} />
      <Actions id={id} enabled={enabled} label={name ?? url} onEdit={onEdit} />
    </li>
  );
}

interface ActionsProps {
  id: string;
  enabled: boolean;
  label: string;
  onEdit: () => void;
}

function Actions({ id, enabled, label, onEdit }: ActionsProps) {
  const client = useQueryClient();
  const [isSure, setSure] = useState(false);
  const act = useMutation({
    mutationFn: (work: () => Promise<unknown>) => work(),
    onSettled: () => client.invalidateQueries({ queryKey: ["subscriptions"] }),
  });
  const test = async () => {
    await testSubscription(id);
    say("A test is on its way");
  };
  const spoken = <span className="hidden-text"> {label}</span>;
  return (
    <>
      <span className={classes.actions}>
        <Button disabled={act.isPending} onClick={() => act.mutate(test)}>
          Test{spoken}
        </Button>
        <Button
          disabled={act.isPending}
          onClick={() => act.mutate(() => updateSubscription(id, { enabled: !enabled }))}
        >
          {enabled ? "Switch off" : "Switch on"}
          {spoken}
        </Button>
        <Button onClick={onEdit}>Edit{spoken}</Button>
        <Button
          look="bad"
          disabled={act.isPending}
          onClick={() => (isSure ? act.mutate(() => deleteSubscription(id)) : setSure(true))}
          onBlur={() => setSure(false)}
        >
          {isSure ? "Delete now" : "Delete"}
          {spoken}
        </Button>
      </span>
      {act.error && (
        <p className={`${classes.error} t-fail sm`} role="alert">
          {act.error.message}
        </p>
      )}
    </>
  );
}
