import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import type { InfiniteData } from "@tanstack/react-query";
import { useEffect, useRef, useState } from "react";
import { useLocation, useNavigate } from "react-router";
import type { z } from "zod";
import type { SessionPage } from "../../../src/contract/session.ts";
import { createSession } from "../api/sessions.ts";
import { statusQuery } from "../api/system.ts";
import { Button } from "../components/button.tsx";
import { ApiPreview } from "../components/create/api-preview.tsx";
import { CreateFields, OpenAfter } from "../components/create/create-form.tsx";
import { type FieldErrors, fieldErrors } from "../components/create/field-errors.ts";
import { requestOf, useCreateForm } from "../components/create/use-create-form.ts";
import { Dialog } from "../components/dialog.tsx";
import { say } from "../lib/say.ts";
import { useTitle } from "../lib/use-title.ts";
import classes from "../components/create/create-form.module.css";

type Pages = InfiniteData<z.infer<typeof SessionPage>>;

/** Repositories and the place of the newest session, from the lists that are in the cache. */
function useKnownPlaces() {
  const client = useQueryClient();
  const sessions = client
    .getQueriesData<Pages>({ queryKey: ["sessions", "list"] })
    .flatMap(([, data]) => data?.pages.flatMap((page) => page.items) ?? [])
    .filter((session) => !session.observed)
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt));
  const repos = [...new Set(sessions.flatMap((session) => session.githubRepo ?? []))];
  const [last] = sessions;
  return {
    repos,
    last: last && {
      projectType: last.projectType,
      githubRepo: last.githubRepo ?? "",
      projectPath: last.projectPath ?? "",
    },
  };
}

function useNote(): string {
  const { data } = useQuery(statusQuery);
  if (!data) return "";
  const free = data.slots.total - data.slots.busy;
  return free > 0 ? `starts at once, ${free} of ${data.slots.total} slots free` : "waits for a slot: all are busy";
}

/** The field that is wrong gets the focus, so that what to do is where one is. */
function useFocusOnError(errors: FieldErrors, form: React.RefObject<HTMLFormElement | null>): void {
  useEffect(() => {
    const first = Object.keys(errors)[0];
    if (first) form.current?.querySelector<HTMLElement>(`[name="${first}"]`)?.focus();
  }, [form, errors]);
}

/** The form for a new session, as a dialog over whatever is open. */
export function NewSessionPage() {
  useTitle("New session");
  const navigate = useNavigate();
  const location = useLocation();
  const client = useQueryClient();
  const { repos, last } = useKnownPlaces();
  const { form, set } = useCreateForm(last ?? {});
  const [openAfter, setOpenAfter] = useState(true);
  const [errors, setErrors] = useState<FieldErrors>({});
  const element = useRef<HTMLFormElement>(null);
  useFocusOnError(errors, element);
  const { background } = (location.state ?? {}) as { background?: { pathname: string; search: string } };
  const close = () => void navigate(background ? `${background.pathname}${background.search}` : "/");
  const create = useMutation({
    mutationFn: () => createSession(requestOf(form)),
    onSuccess: async (session) => {
      client.setQueryData(["sessions", "one", session.sessionId], session);
      void client.invalidateQueries({ queryKey: ["sessions"] });
      if (openAfter) return navigate(`/sessions/${session.sessionId}`);
      say("Started");
      return close();
    },
    onError: (error) => setErrors(fieldErrors(error, form)),
  });
  const submit = () => {
    if (create.isPending) return;
    setErrors({});
    create.mutate();
  };
  return (
    <Dialog title="New session" note={useNote()} width={1000} onClose={close}>
      <div className={classes.body}>
        <CreateFields form={form} set={set} errors={errors} repos={repos} formRef={element} onSubmit={submit} />
        <ApiPreview form={form} />
      </div>
      {errors.form && (
        <p className={classes.problem} role="alert">
          Not started. {errors.form}
        </p>
      )}
      <div className={classes.foot}>
        <OpenAfter checked={openAfter} onChange={setOpenAfter} />
        <span className="grow" />
        <Button size="large" onClick={close}>
          Cancel <kbd>Esc</kbd>
        </Button>
        <Button size="large" look="filled" type="submit" form="create-session" disabled={create.isPending}>
          {create.isPending ? "Starting…" : "Start session"} <kbd>Ctrl ↵</kbd>
        </Button>
      </div>
    </Dialog>
  );
}
