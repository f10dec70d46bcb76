import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense, useState } from "react";
import type { Subscription } from "../../../src/contract/subscription.ts";
import { subscriptionsQuery } from "../api/subscriptions.ts";
import { Button } from "../components/button.tsx";
import { PlusIcon } from "../components/icons.tsx";
import { SubscriptionRow } from "../components/subscriptions/subscription-row.tsx";
import { useTitle } from "../lib/use-title.ts";
import classes from "./list-page.module.css";

const SubscriptionDialog = lazy(() =>
  import("../components/subscriptions/subscription-dialog.tsx").then((file) => ({ default: file.SubscriptionDialog })),
);

/** The URLs that hear of what happens, and how they fare. */
export function SubscriptionsPage() {
  useTitle("Subscriptions");
  const { data: subscriptions, error } = useQuery(subscriptionsQuery);
  const [form, setForm] = useState<{ subscription?: Subscription }>();
  return (
    <main className={classes.page}>
      <header className={classes.head}>
        <h1>Subscriptions</h1>
        <span className="dim">who hears of what happens</span>
        <span className="grow" />
        <Button onClick={() => setForm({})}>
          <PlusIcon size={12} /> New subscription
        </Button>
      </header>
      {error && (
        <p className="t-fail" role="alert">
          {error.message}
        </p>
      )}
      {subscriptions?.length === 0 && (
        <div className={classes.empty}>
          <h2>No subscription yet</h2>
          <p className="dim">
            A URL may hear of what happens in all sessions, or in some: each event is one signed POST, repeated until it
            is taken.
          </p>
        </div>
      )}
      {subscriptions && subscriptions.length > 0 && (
        <ul className={classes.rows} aria-label="Subscriptions">
          {subscriptions.map((subscription) => (
            <SubscriptionRow
              key={subscription.id}
              subscription={subscription}
              onEdit={() => setForm({ subscription })}
            />
          ))}
        </ul>
      )}
      {!subscriptions && !error && <div className={classes.skeleton} aria-hidden="true" />}
      <Suspense>
        {form && <SubscriptionDialog subscription={form.subscription} onClose={() => setForm(undefined)} />}
      </Suspense>
    </main>
  );
}
