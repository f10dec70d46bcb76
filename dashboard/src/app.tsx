import { useQueryClient } from "@tanstack/react-query";
import { lazy, Suspense, useEffect, useSyncExternalStore } from "react";
import { type Location, Route, Routes, useLocation } from "react-router";
import { openFeed } from "./api/feed.ts";
import { signInState } from "./api/sign-in-state.ts";
import { AppShell } from "./components/shell/app-shell.tsx";
import { NotFoundPage } from "./pages/not-found-page.tsx";
import { SessionPage } from "./pages/session-page.tsx";
import { SessionsPage } from "./pages/sessions-page.tsx";
import { SignInPage } from "./pages/sign-in-page.tsx";

const NewSessionPage = lazy(() =>
  import("./pages/new-session-page.tsx").then((page) => ({ default: page.NewSessionPage })),
);

const OrchestrationPage = lazy(() =>
  import("./pages/orchestration-page.tsx").then((page) => ({ default: page.OrchestrationPage })),
);

const SchedulesPage = lazy(() =>
  import("./pages/schedules-page.tsx").then((page) => ({ default: page.SchedulesPage })),
);

const TemplatesPage = lazy(() =>
  import("./pages/templates-page.tsx").then((page) => ({ default: page.TemplatesPage })),
);

const SubscriptionsPage = lazy(() =>
  import("./pages/subscriptions-page.tsx").then((page) => ({ default: page.SubscriptionsPage })),
);

/** The page that stays in view behind the new-session dialog. */
function behind(location: Location): Location {
  const { background } = (location.state ?? {}) as { background?: Location };
  return background ?? { ...location, pathname: "/" };
}

/** The one feed of this tab, open for as long as somebody is signed in. */
function useFeed(): void {
  const client = useQueryClient();
  useEffect(() => openFeed(client), [client]);
}

function Console() {
  useFeed();
  const location = useLocation();
  const creating = location.pathname === "/new";
  return (
    <AppShell>
      <Suspense>
        <Routes location={creating ? behind(location) : location}>
          <Route path="/" element={<SessionsPage />} />
          <Route path="/sessions/:id" element={<SessionPage />} />
          <Route path="/templates" element={<TemplatesPage />} />
          <Route path="/subscriptions" element={<SubscriptionsPage />} />
          <Route path="/schedules" element={<SchedulesPage />} />
          <Route path="/orchestration" element={<OrchestrationPage />} />
          <Route path="*" element={<NotFoundPage />} />
        </Routes>
      </Suspense>
      {creating && (
        <Suspense>
          <NewSessionPage />
        </Suspense>
      )}
    </AppShell>
  );
}

/** The routes of the console, behind the sign-in where the server asks for one. */
export function App() {
  const signInNeeded = useSyncExternalStore(signInState.subscribe, signInState.get);
  return signInNeeded ? <SignInPage /> : <Console />;
}
