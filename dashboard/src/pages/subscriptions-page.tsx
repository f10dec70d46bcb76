import { useQuery } from "@tanstack/react-query";
import { lazy, useState } from "react";
import type { Subscription } from "../../../src/contract/subscription.ts";
import { subscriptionsQuery } from "../api/subscriptions.ts";
import { ListPage } from "../components/list-page.tsx";
import { SubscriptionRow } from "../components/subscriptions/subscription-row.tsx";

const SubscriptionDialog = lazy(() =>
  import("../components/subscriptions/subscription-dialog.tsx").then((file) => ({ default: file.SubscriptionDialog })),
);

/** The URLs that hear of what happens, and how they fare. */
export function SubscriptionsPage() {
  const { data: subscriptions, error } = useQuery(subscriptionsQuery);
  const [form, setForm] = useState<{ subscription?: Subscription }>();
  return (
    <ListPage
      title="Subscriptions"
      about="who hears of what happens"
      one="subscription"
      empty="A URL may hear of what happens in all sessions, or in some: each event is one signed POST, repeated until it is taken."
      count={subscriptions?.length}
      error={error}
      onNew={() => setForm({})}
      dialog={form && <SubscriptionDialog subscription={form.subscription} onClose={() => setForm(undefined)} />}
    >
      {subscriptions?.map((subscription) => (
        <SubscriptionRow key={subscription.id} subscription={subscription} onEdit={() => setForm({ subscription })} />
      ))}
    </ListPage>
  );
}
