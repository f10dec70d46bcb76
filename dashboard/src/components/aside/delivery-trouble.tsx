import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { Delivery } from "../../../../src/contract/delivery.ts";
import { deliveriesQuery, retryDelivery } from "../../api/deliveries.ts";
import { moment } from "../../lib/format.ts";
import { useNow } from "../../lib/use-now.ts";
import { Button } from "../button.tsx";
import { ClockIcon, FailedIcon, SOURCES } from "../icons.tsx";
import classes from "./delivery-trouble.module.css";
import facts from "./facts-tab.module.css";

const DOORS: Readonly<Record<string, string>> = {
  slack: SOURCES.slack.name,
  email: SOURCES.email.name,
  callback: "Callback",
  subscription: "Subscription",
};

function Trouble({ delivery, onRetry }: { delivery: Delivery; onRetry: () => void }) {
  const now = useNow();
  const { kind, status, address, createdAt, nextAttemptAt, lastError } = delivery;
  const failed = status === "failed";
  return (
    <li>
      {failed ? <FailedIcon size={13} className="t-fail" /> : <ClockIcon size={13} className="t-need" />}
      <div className={classes.what}>
        <p>
          <b>{DOORS[kind] ?? kind}</b>{" "}
          <span className="num dim3">
            {failed ? moment(createdAt, now) : `again at ${moment(nextAttemptAt ?? createdAt, now)}`}
          </span>
        </p>
        {(kind === "callback" || kind === "subscription") && <p className={classes.address}>{address}</p>}
        <p>{lastError}</p>
      </div>
      {failed && (
        <Button size="small" onClick={onRetry}>
          Send again
        </Button>
      )}
    </li>
  );
}

/** What did not arrive, or not yet, and why; nothing when all is well. */
export function DeliveryTrouble({ sessionId }: { sessionId: string }) {
  const client = useQueryClient();
  const query = deliveriesQuery(sessionId);
  const { data } = useQuery(query);
  const retry = useMutation({
    mutationFn: retryDelivery,
    onSettled: () => client.invalidateQueries({ queryKey: query.queryKey }),
  });
  const troubled =
    data?.items.filter(
      ({ status, lastError }) => status === "failed" || (status === "pending" && lastError !== null),
    ) ?? [];
  if (troubled.length === 0) return null;
  return (
    <section className={facts["part"]}>
      <h2>Not delivered</h2>
      <ul className={classes.list} aria-label="Not delivered">
        {troubled.map((delivery) => (
          <Trouble key={delivery.deliveryId} delivery={delivery} onRetry={() => retry.mutate(delivery.deliveryId)} />
        ))}
      </ul>
      {retry.error && (
        <p className={classes.failed} role="alert">
          {retry.error.message}
        </p>
      )}
    </section>
  );
}
